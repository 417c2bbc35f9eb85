/** Whether somebody listens to the terminal instead of looking at it, by the variable that clack and others read. */
export function isReadAloud(env: Record<string, string | undefined>): boolean {
  return !['', '0', 'false'].includes(env['ACCESSIBLE'] ?? '')
}
