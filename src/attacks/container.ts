// From another container: one more on the network of the published port and on the engine's default
// one, as anything else on the machine may be.

import { OLLAMA_PORT } from '../ollama/bare-ollama.ts'
import { couldNotRun, failed, passed, type Check } from '../checks/check.ts'
import { frontOf } from '../project/project.ts'

/**
 * With whatever of the three the image has. Each place gets three seconds, all at once. Behind the service
 * front nginx hangs up (52, 56) on whoever says no address first; front's image has curl.
 */
const LOOK = `look() {
  if command -v curl >/dev/null; then
    answer=$(curl -s -i -m 3 "http://$1/api/version" 2>&1); code=$?
    case $code in 52 | 56) answer=$(curl -s -i -m 3 --haproxy-protocol "http://$1/api/version" 2>&1);; esac
  elif command -v wget >/dev/null; then answer=$(wget -S -T 3 -O - "http://$1/api/version" 2>&1)
  else answer=$(timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET /api/version HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n" >&3 && cat <&3' "\${1%:*}" "\${1##*:}" 2>&1)
  fi
  printf '%s\\n' "== $1" "$answer"
}
for place in "$@"; do look "$place" & done
wait`

export const fromAnotherContainer: Check = {
  id: 'attack-container',
  title: 'Another container reaches the proxy, and never Ollama behind it',
  applies: ({ file }) => file.services['ollama'] !== undefined,
  async run({ project, engine, signal }) {
    if (!engine) return couldNotRun('no engine to ask')
    const seen = await engine.observe(project.name, [], signal)
    const [proxy, ollama, front] = ['proxy', 'ollama', 'front'].map((service) => seen.containers.find((container) => container.service === service))
    const edge = seen.networks.find(({ key }) => key === 'edge')
    // Behind a service that ends TLS it speaks plain HTTP (listen-acme.conf); behind one in the host's network, what clients speak.
    const port = project.hostNetwork ? (project.tls === 'off' ? 8080 : 8443) : frontOf(project.file) === 'tls' ? 8081 : project.file.services['proxy']?.ports?.[0]?.target
    if (!proxy || !ollama || !edge || port === undefined) return couldNotRun('the proxy, ollama or the network edge is missing')
    const bridge = (await engine.networks()).filter(({ name, driver }) => name === 'bridge' && driver === 'bridge').map(({ name }) => name)
    const door = `proxy:${port}`
    const places = [...ollama.addresses, 'ollama', 'ollama-api'].map((host) => `${host}:${OLLAMA_PORT}`)
    const { stdout } = await engine.oneOff({ project: project.name, image: (front ?? proxy).image, cmd: ['sh', '-c', LOOK, 'look', door, ...places], networks: [edge.name, ...bridge], signal })
    const answers = answersOf(stdout)
    const open = places.filter((place) => saysOllama(answers.get(place) ?? ''))
    if (open.length > 0) return failed(`${open.join(', ')} answers another container without a login`)
    // Silence means something only to who can hear.
    if (!/HTTP\/1/.test(answers.get(door) ?? '')) return couldNotRun(`a container beside the proxy could not reach ${door} either: ${(answers.get(door) ?? 'no output').trim().slice(0, 100)}`)
    return passed(`from ${[edge.name, ...bridge].join(' and ')}: the proxy answers, ${places.join(', ')} don't`)
  },
}

/** What stands behind each `== PLACE`. */
export function answersOf(output: string): Map<string, string> {
  return new Map(output.split(/^== /m).slice(1).map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]))
}

/** By what it says: on some networks a gateway answers for every address. */
const saysOllama = (answer: string): boolean => /HTTP\/1\.[01] 200/.test(answer) && answer.includes('"version"')
