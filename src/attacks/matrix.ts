// The table: classes of cases, the same for every stack but for how its credential is written.

import type { MadeCredential, Stack } from '../../stacks/stack.ts'
import type { Case } from './case.ts'
import { credentials } from './credentials.ts'
import { headers } from './headers.ts'
import { hosts } from './hosts.ts'
import { methods } from './methods.ts'
import { origins } from './origins.ts'
import { paths } from './paths.ts'
import { routes } from './routes.ts'
import { smuggling } from './smuggling.ts'

export interface Subject {
  stack: Stack
  /** A good login to write in many ways. */
  valid: MadeCredential
  /** As in `--origin`. */
  origins: readonly string[]
  /** As in `--host`. */
  hosts: readonly string[]
}

export interface CaseClass {
  id: string
  title: string
  cases(subject: Subject): readonly Case[]
}

export const CLASSES: readonly CaseClass[] = [
  { id: 'attack-credentials', title: 'A good credential gets in as it must be written, and in no other dress', cases: ({ stack, valid }) => credentials(stack, valid) },
  { id: 'attack-routes', title: "Each of Ollama's routes opens for whom it should, the others for nobody", cases: () => routes },
  { id: 'attack-paths', title: 'No other spelling of a path reaches Ollama', cases: () => paths },
  { id: 'attack-methods', title: 'No other method gets through', cases: () => methods },
  { id: 'attack-smuggling', title: 'No request hides in another', cases: () => smuggling },
  { id: 'attack-hosts', title: 'No foreign name in the Host header passes (DNS rebinding)', cases: (subject) => hosts(subject.hosts) },
  { id: 'attack-origins', title: 'Web pages get what --origin allows them, and nothing else', cases: (subject) => origins(subject.origins) },
  { id: 'attack-headers', title: 'No header claims an identity, another path or another protocol', cases: () => headers },
]
