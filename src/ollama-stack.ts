import { start } from './bin.ts'

start('ollama-stack', process.argv.slice(2))
