/** The proxy's user when root owns the project: unprivileged, and nobody's login. */
export const NOBODY = 65532

/** `uid:gid` for the proxy: the owner of the files it reads. */
export function proxyUser(): string {
  const uid = process.getuid?.() ?? 1000
  const gid = process.getgid?.() ?? 1000
  return uid === 0 ? `${NOBODY}:${NOBODY}` : `${uid}:${gid}`
}
