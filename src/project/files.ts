// What lies in a project, by its name: what `backup` takes along, `doctor` looks at, and a change looks out for.

import { STATE } from './state.ts'

export const PROJECT_FILES = ['compose.yaml', 'README.md', '.gitignore', 'ollama-stack', 'ollama-stack.cmd']
export const PROJECT_FOLDERS = ['proxy', 'front', 'tls', 'forward', 'credentials', 'certs']
/** The same, with what the program keeps for itself. */
export const PROJECT_TREES = [...PROJECT_FOLDERS, STATE]
