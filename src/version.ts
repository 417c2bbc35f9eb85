declare const __VERSION__: string

/** Of the package; the build writes it in. */
export const version = typeof __VERSION__ === 'string' ? __VERSION__ : 'development'
