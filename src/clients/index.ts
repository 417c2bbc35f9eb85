// The registry: a client is a row in one of these files.

import { agents } from './agents.ts'
import { apps } from './apps.ts'
import type { Client } from './client.ts'
import { editors } from './editors.ts'
import { javascriptLibraries } from './javascript.ts'
import { pythonLibraries } from './python.ts'
import { servers } from './servers.ts'
import { tools } from './tools.ts'

export const clients: readonly Client[] = [...tools, ...pythonLibraries, ...javascriptLibraries, ...agents, ...editors, ...servers, ...apps]
