// Access to a Docker Engine. dockerode sits in a chunk of its own (src/engine/client.ts, loaded by
// `connect`), so that commands that need no engine don't pay for it.

export { connect } from './engine/connect.ts'
export type {
  Applied, ConnectOptions, Engine, EngineNetwork, ExecResult, Hooks, LogLine, LogOptions, PortOwner, PullProgress, Removed,
} from './engine/types.ts'
