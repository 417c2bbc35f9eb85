// Bring a project up: the same for `create` and for `up`, from what the directory says.

import { accessSync, constants, readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { quoted } from '../../stacks/compose-doc.ts'
import { explainAcme } from './acme-failure.ts'
import { withCertificate } from './acme-rehearsal.ts'
import { expectAnswer, refuseForeignBackend } from './backend.ts'
import { clockProblem } from '../net/clock.ts'
import { desired, plan, printPlan, type Desired, type Step } from '../compose.ts'
import { writeWhole } from '../project/disk.ts'
import { refuseOtherDirectory } from './other-directory.ts'
import type { Engine } from '../engine.ts'
import { CancelError } from '../errors.ts'
import { refuseExposure } from './exposure.ts'
import { refuseForeignHost } from '../questions/host-network.ts'
import { withLock } from '../project/lock.ts'
import { isLoopback } from '../questions/machine.ts'
import { OWN } from '../questions/ollama-url.ts'
import type { Project } from '../project/project.ts'
import { checkServerCert, ownCertWarnings, renewServerCert } from './server-cert.ts'
import { takeServerCert } from './take-cert.ts'
import { takeConfig } from './take-config.ts'
import type { Ui } from '../ui/ui.ts'
import { yamlText } from '../project/yaml-text.ts'

/** A cold Ollama image takes a while to unpack and start on a slow disk. */
const HEALTHY_MS = 180_000

/** Returns what was done, a line each; empty when nothing had to be. `afresh`: services that get a new container in any case. */
export async function bringUp(project: Project, engine: Engine, ui: Ui, signal: AbortSignal, afresh: readonly string[] = []): Promise<string[]> {
  if (engine.warning !== null && isLoopback(project.bind) && !project.hostNetwork) ui.warn(engine.warning)
  const off = clockProblem(engine, new Date())
  if (off) ui.warn(`${off.message} ${off.hint}`)
  const want = desired(project.file, project.dir)
  refuseExposure(project)
  if (project.hostNetwork) refuseForeignHost(engine)
  refuseForeignBackend(project, engine)
  checkServerCert(project)
  for (const warning of ownCertWarnings(project, new Date())) ui.warn(warning)
  // May take long, and two who pull the same image don't disturb each other.
  const digests = await pullImages(want.images, engine, ui, signal)
  const done = await alone(project, ui, signal, async () => {
    recordDigests(project, digests)
    return withCertificate(project, engine, signal, () => converge(project, want, engine, ui, signal, afresh))
  })
  await expectAnswer(project, engine, signal)
  return done
}

async function converge(project: Project, want: Desired, engine: Engine, ui: Ui, signal: AbortSignal, afresh: readonly string[]): Promise<string[]> {
  const { renewed, warning } = await renewServerCert(project, new Date())
  if (warning !== null) ui.warn(warning)
  const observed = await engine.observe(project.name, want.images, signal)
  refuseOtherDirectory(project, observed.containers)
  const steps = plan(want, { ...observed, containers: observed.containers.map((one) => (afresh.includes(one.service) ? { ...one, hash: '' } : one)) })
  // An Ollama elsewhere may be down, and the door is to stand for it all the same.
  const healthNotOurs = project.ollama === OWN ? [] : ['ollama']
  const title = steps.length === 0 ? 'Everything is as compose.yaml says' : project.tls === 'acme' ? 'Start the stack and get a certificate' : 'Start the stack'
  await ui.step(title, async (report) => {
    // Health is part of it: what doesn't get healthy is taken back.
    const step = (step: Step): void => report(`${step.do.replaceAll('-', ' ')} ${'name' in step ? step.name : step.image}`)
    const waiting = (): void => report('wait until it is healthy')
    try {
      const { changed } = steps.length > 0 ? await engine.apply(steps, want, { step, waiting, healthyWithin: HEALTHY_MS, healthNotOurs }, signal) : { changed: [] }
      // What was started is healthy by now.
      const others = want.services.filter(({ service, container }) => !healthNotOurs.includes(service) && !changed.includes(container)).map(({ service }) => service)
      if (others.length > 0) await engine.waitHealthy(project.name, others, HEALTHY_MS, signal)
    } catch (error) {
      throw explainAcme(error, project)
    }
  })
  const taken = await takeServerCert(project, engine, renewed, signal)
  const reloaded = await takeConfig(project, engine, signal)
  return [...printPlan(steps), ...reloaded.map((service) => `reload ${service}`), ...(renewed ? ['renew the server certificate'] : taken ? ['take the new server certificate'] : [])]
}

/**
 * Runs `work` while no other `up`, `down` or change of people is at this project: what one of them makes,
 * another would take for somebody else's. Throws E_LOCKED after 30 s, CancelError at once.
 */
export async function alone<T>(project: Pick<Project, 'dir'>, ui: Ui, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    accessSync(project.dir, constants.W_OK)
  } catch {
    return work() // somebody else's directory, or a read-only one: there is no place for a lock
  }
  let begun = false
  const patience = setTimeout(() => ui.line('Waiting for another ollama-stack that is changing this project ...'), 1000)
  try {
    return await withLock(project.dir, () => {
      clearTimeout(patience)
      signal.throwIfAborted()
      begun = true
      return work()
    }, { signal })
  } catch (error) {
    throw signal.aborted && !begun ? new CancelError('The engine is left as it is.') : error
  } finally {
    clearTimeout(patience)
  }
}

/** Only what isn't here. Image -> digest. */
export async function pullImages(images: string[], engine: Engine, ui: Ui, signal: AbortSignal): Promise<Record<string, string | null>> {
  const digests: Record<string, string | null> = {}
  const missing = new Set<string>()
  await Promise.all(images.map(async (image) => {
    if (await engine.imagePresent(image)) digests[image] = await engine.imageDigest(image)
    else missing.add(image)
  }))
  for (const image of missing) {
    digests[image] = await ui.progress(`Pull ${image}`, (update) =>
      engine.pull(image, ({ done, total, phase }) => update({ done, total, text: phase }), signal))
  }
  return digests
}

/** Which exact images run here, beside the tags: for people who compare machines, and for `upgrade`'s way back. */
function recordDigests(project: Project, digests: Record<string, string | null>): void {
  const path = project.file.path
  const before = readFileSync(path, 'utf8')
  // Parsing takes longer than all else that an `up` with nothing to do does to files.
  if (Object.entries(digests).every(([image, digest]) => digest === null || before.includes(`\n    ${image}: "${digest}"\n`))) return
  const doc = parseDocument(before)
  let changed = false
  for (const [image, digest] of Object.entries(digests)) {
    const at = ['x-ollama-stack', 'images', image]
    if (digest === null || doc.getIn(at) === digest) continue
    doc.setIn(at, quoted(digest))
    changed = true
  }
  if (changed) writeWhole(path, { content: yamlText(doc), mode: 0o644 })
}
