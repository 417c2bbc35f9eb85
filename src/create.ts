// create-ollama-stack ARGS is ollama-stack create ARGS.

import { main } from './main.ts'

const [first, ...rest] = process.argv.slice(2)
await main(first === '--version' || first === '-v' ? [first] : ['create', ...(first === undefined ? [] : [first, ...rest])])
