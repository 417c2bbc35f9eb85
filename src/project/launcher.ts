// `./ollama-stack` in the project: runs the bundle beside it, so the next command works
// offline, without a global install, at the version that made the project.

import type { FileMap } from '../../stacks/stack.ts'

const posix = `#!/bin/sh
# Runs the copy of ollama-stack that made this project, on this project.
self=$0
while [ -h "$self" ]; do # a link in ~/bin, say
  target=$(readlink -- "$self")
  case $target in /*) self=$target ;; *) self=$(dirname -- "$self")/$target ;; esac
done
here=$(CDPATH= cd -- "$(dirname -- "$self")" && pwd) || exit 1
if ! command -v node >/dev/null 2>&1; then
  echo "ollama-stack needs Node.js 20.19 or newer, and there is no 'node' on the PATH." >&2
  echo "Install it from https://nodejs.org, or use plain 'docker compose' in $here." >&2
  exit 1
fi
OLLAMA_STACK_PROJECT=$here exec node "$here/.ollama-stack/ollama-stack.js" "$@"
`

const windows = `@echo off\r
rem Runs the copy of ollama-stack that made this project, on this project.\r
setlocal\r
set "OLLAMA_STACK_PROJECT=%~dp0."\r
node "%~dp0.ollama-stack\\ollama-stack.js" %*\r
`

export function launchers(): FileMap {
  return new Map([
    ['ollama-stack', { content: posix, mode: 0o755 }],
    ['ollama-stack.cmd', { content: windows, mode: 0o644 }],
  ])
}
