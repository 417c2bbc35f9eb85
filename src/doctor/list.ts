// The list: what is looked at, in the order in which it is shown.

import { certificateChecks } from './certificate.ts'
import type { Check } from './check.ts'
import { clockCheck } from './clock.ts'
import { engineChecks } from './engine.ts'
import { fileChecks } from './files.ts'
import { gpuChecks } from './gpu.ts'
import { hostOllamaCheck } from './host-ollama.ts'
import { imageChecks } from './images.ts'
import { diskCheck, memoryCheck, projectDiskCheck } from './machine.ts'
import { nameChecks } from './names.ts'
import { networkChecks } from './network.ts'
import { peopleCheck } from './people.ts'
import { projectCheck } from './project.ts'
import { serviceChecks } from './services.ts'
import { settingsChecks } from './settings.ts'
import { proxyChecks } from './through.ts'

export const CHECKS: readonly { group: string; checks: readonly Check[] }[] = [
  { group: 'Engine', checks: engineChecks },
  { group: 'Machine', checks: [diskCheck, projectDiskCheck, memoryCheck, ...gpuChecks, clockCheck, hostOllamaCheck] },
  { group: 'Project', checks: [projectCheck, ...serviceChecks, ...imageChecks, ...settingsChecks, ...fileChecks, peopleCheck] },
  { group: 'Certificate', checks: certificateChecks },
  { group: 'Network', checks: [...networkChecks, ...proxyChecks, ...nameChecks] },
]
