// A configuration as `create` would make it, for projects that tests render without the program.

import type { Stack, StackConfig } from '../../stacks/stack.ts'

export const config = (stack: Stack, more: Partial<StackConfig> = {}): StackConfig => ({
  name: 'home', auth: stack.id, bind: '127.0.0.1', port: 8880, tls: stack.needsTls ? 'private' : 'off', hosts: ['127.0.0.1', 'localhost'], model: 'gemma3:1b', subnet: '10.213.7',
  user: `${process.getuid?.() ?? 1000}:${process.getgid?.() ?? 1000}`, ...more,
})
