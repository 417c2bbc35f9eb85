import { credentialProblems } from '../people/credential-problems.ts'
import { failed, passed, type Check, type Visit } from './check.ts'

export const credentialsCheck: Check<Pick<Visit, 'project' | 'signal'>> = {
  id: 'credentials',
  title: 'Every line in credentials/ counts, and the proxy may read it',
  async run({ project }) {
    const [first, ...more] = credentialProblems(project)
    return first ? failed(`${first.message}${more.length > 0 ? ` And ${more.length} more: see status.` : ''}`) : passed('read as the proxy reads it')
  },
}
