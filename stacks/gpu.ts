// The stack's own Ollama with a GPU (--gpu): edits of compose.yaml. No GPU was at hand to run these; each
// is from the documentation named with it.

import { Scalar, type Document } from 'yaml'
import { mapAt, quoted } from './compose-doc.ts'
import type { Gpu } from './stack.ts'

/**
 * nvidia: docs.docker.com/compose/how-tos/gpu-support. The driver's device files are open to everybody
 * (0666), so user 1000 without capabilities can use them, and the runtime adds the libraries before
 * the root file system becomes read-only.
 * cdi: the same devices by a specification that the engine itself reads (docs.docker.com/reference/cli/dockerd,
 * "Configure CDI devices"); `capabilities` means nothing there, but Compose insists on it.
 * amd: docs.ollama.com/docker. An image of its own, and two device files that belong to root and a group.
 */
export function withGpu(doc: Document, gpu: Gpu): void {
  const service = mapAt(doc, ['services', 'ollama'])
  const list = (...items: string[]): unknown => doc.createNode(items.map(quoted), { flow: true })
  if (gpu.maker === 'amd') {
    service.set('image', `${String(service.get('image'))}-rocm`)
    service.set(described('devices', " AMD's GPU (ROCm). Its device files belong to these groups of this machine."), list('/dev/kfd:/dev/kfd', '/dev/dri:/dev/dri'))
    if (gpu.groups.length > 0) service.set('group_add', list(...gpu.groups.map(String)))
    return
  }
  const device = gpu.by === 'cdi' ? { driver: 'cdi', device_ids: list('nvidia.com/gpu=all') } : { driver: 'nvidia', count: 'all' }
  service.set(described('deploy', gpu.by === 'cdi' ? " NVIDIA's GPUs, as the engine's CDI specification has them." : " NVIDIA's GPUs, by the NVIDIA Container Toolkit."), doc.createNode({ resources: { reservations: { devices: [{ ...device, capabilities: list('gpu') }] } } }))
}

function described(key: string, comment: string): Scalar {
  const scalar = new Scalar(key)
  scalar.commentBefore = comment
  return scalar
}
