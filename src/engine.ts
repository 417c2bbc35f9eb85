// Access to a Docker Engine. dockerode sits in a chunk of its own (src/engine/client.ts, loaded by
// `connect`), so that commands that need no engine don't pay for it.

export { connect } from './engine/connect.ts'
export type { Engine, Hooks, LogLine, LogOptions, PullProgress } from './engine/types.ts'
