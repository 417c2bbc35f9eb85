// create-ollama-stack ARGS is ollama-stack create ARGS.

import { start } from './bin.ts'

const [first, ...rest] = process.argv.slice(2)
start('create-ollama-stack', first === '--version' || first === '-v' ? [first, ...rest] : first === 'help' && rest.length === 0 ? ['help', 'create'] : ['create', ...(first === undefined ? [] : [first, ...rest])])
