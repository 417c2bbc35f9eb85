// Every stack. A new one is a folder, and a line here.

export { basic } from './basic/stack.ts'
export { bearer } from './bearer/stack.ts'
export { mtls } from './mtls/stack.ts'
