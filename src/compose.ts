// The Compose subset: check, normalise, hash, plan. Pure: no disk, no engine.
// `docker compose` reads the same file and must come to the same containers; every rule here
// is checked against it (test/engine/compose-*.test.ts, Compose 2.40.3).

export { parseCompose } from './compose/parse.ts'
export { desired } from './compose/desired.ts'
export { plan, printPlan } from './compose/plan.ts'
export type { ComposeFile, Desired, Observed, Service, Step } from './compose/types.ts'
