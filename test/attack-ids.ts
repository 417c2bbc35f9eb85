// Where each case of attack-cases.json is met. A row names a case of the attack matrix (which runs
// against every stack that it applies to) or a test, by file and title. Where a stack answers
// differently from what the case expects, the reason stands beside it.
//
// A further area: its cases into attack-cases.json, its rows into a table like these, and that table
// into MET. test/unit/attack-matrix.test.ts fails for an id without a row and for a row that leads nowhere.

export type Where =
  | { case: string; because?: string }
  | { file: string; title: string; because?: string }

const inCase = (id: string, because?: string): Where => ({ case: id, ...(because === undefined ? {} : { because }) })
const inTest = (file: string, title: string, because?: string): Where => ({ file, title, ...(because === undefined ? {} : { because }) })
const credential = (id: string, because?: string): Where => inCase(`credential: ${id}`, because)
const path = (target: string): Where => inCase(`path ${JSON.stringify(target)} as user`)

const JSON_401 = 'a missing certificate gets 401 in JSON, so that it can be told what is missing and a browser\'s preflight, which brings none, can be answered'

const bearer: Record<string, Where> = {
  'BEARER-002': credential('nothing'),
  'BEARER-005': credential('scheme and a space'),
  'BEARER-008': credential('no scheme'),
  'BEARER-011': credential('scheme inside quotes'),
  'BEARER-014': credential('several spaces'),
  'BEARER-017': credential('a space behind'),
  'BEARER-020': credential('in a list, second'),
  'BEARER-023': credential('twice, the same'),
  'BEARER-026': credential('other case'),
  'BEARER-029': credential('a letter in percent'),
  'BEARER-032': credential('a carriage return in it'),
  'BEARER-035': credential('in the query as access_token'),
  'BEARER-038': credential('x-api-key', 'the choice: a key is taken from x-api-key, which Anthropic\'s clients send, and kept from Ollama'),
  'BEARER-041': credential('named in Connection'),
  'BEARER-044': inTest('engine/bearer.test.ts', 'a damaged key file'),
  'BEARER-047': inTest('engine/bearer.test.ts', 'a damaged key file'),
  'BEARER-050': inTest('engine/bearer.test.ts', 'a damaged key file', 'a digest under two names opens for neither, and status and the log say so'),
  'BEARER-053': inTest('engine/bearer.test.ts', 'a damaged key file'),
  'BEARER-056': inTest('engine/bearer.test.ts', 'a refusal costs the same with 10,000 keys in the file as with none'),
  'BEARER-059': inCase('claims of a user'),
}

const basic: Record<string, Where> = {
  'BASIC-002': credential('nothing'),
  'BASIC-005': inTest('engine/basic.test.ts', 'may hold colons'),
  'BASIC-008': inTest('engine/basic.test.ts', 'is UTF-8, as the challenge says, and not Latin-1'),
  'BASIC-011': credential('empty name'),
  'BASIC-014': inTest('unit/attack-matrix.test.ts', 'base64 without its padding', '401: a credential has one spelling, so that no guess has a second form'),
  'BASIC-017': credential('small letters'),
  'BASIC-020': credential('two spaces'),
  'BASIC-023': credential('name behind a line feed'),
  'BASIC-026': credential('password of 5,000 letters'),
  'BASIC-029': inTest('unit/basic.test.ts', 'an own password of %s is refused, without repeating it'),
  'BASIC-032': inTest('unit/basic.test.ts', 'an own password of %s is refused, without repeating it'),
  'BASIC-035': inTest('engine/crowd.test.ts', 'refused, exit 2, and nothing changed', 'a name that exists is refused; a new password for it is `user rotate`, which replaces the line'),
  'BASIC-038': inTest('unit/basic.test.ts', 'a hand-written line that nginx would take, but that is no bcrypt', 'no flag asks for a cost; a line written by hand counts from 4 to 12. Ours are 5 and 6: a flood of guesses may not slow down who is logged in'),
  'BASIC-041': inTest('files/rendered.test.ts', 'nothing of the people is in compose.yaml'),
  'BASIC-044': inTest('files/rendered.test.ts', 'nothing of the people is in compose.yaml'),
}

const mtls: Record<string, Where> = {
  'MTLS-002': credential('nothing', JSON_401),
  'MTLS-005': inTest('engine/mtls.test.ts', 'of our CA, but over, or only for servers: the handshake ends'),
  'MTLS-008': inTest('engine/mtls.test.ts', 'of our CA, but over, or only for servers: the handshake ends'),
  'MTLS-011': inTest('engine/mtls.test.ts', 'of our CA, but not in credentials/: 401, whatever it may be used for'),
  'MTLS-014': inTest('engine/mtls.test.ts', 'self-signed, of the same name: the handshake ends'),
  'MTLS-017': inTest('engine/mtls.test.ts', 'a CA file that is empty, or a key', '`up` says which file; a proxy that was started without it lets nobody in'),
  'MTLS-020': inTest('engine/mtls.test.ts', 'on a kept-alive connection, on a new one, and on resumed sessions of both protocols', 'revocation is looked up per request, so it is a 401 on whatever connection'),
  'MTLS-023': inTest('engine/renewal.test.ts', 'over TLS and HTTP/2 nothing gets in'),
  'MTLS-026': inTest('engine/renewal.test.ts', 'over TLS and HTTP/2 nothing gets in'),
  'MTLS-029': inTest('engine/renewal.test.ts', 'over TLS and HTTP/2 nothing gets in', JSON_401),
  'MTLS-032': inCase('claims of a user'),
  'MTLS-035': inTest('engine/stacks.test.ts', 'both containers run with as little as they need'),
  'MTLS-038': inTest('engine/renewal.test.ts', 'over TLS and HTTP/2 nothing gets in', 'by address a client names nobody, so the certificate is given to all; the Host decides, with 421, and there is one server block only'),
}

const cors: Record<string, Where> = {
  'CORS-002': inCase('origin https://foreign.example preflight'),
  'CORS-005': inCase('allowed https://app.example.com preflight', 'an origin given with --origin is what configures it; others get nothing (the case before)'),
  'CORS-008': inCase('allowed https://app.example.com preflight with a body'),
  'CORS-011': inCase('origin https://foreign.example GET'),
  'CORS-014': inCase('allowed https://app.example.com 413', '403, 404 and 421 are cases beside it; 429 is in engine/rate.test.ts and 502 in engine/stacks.test.ts'),
  'CORS-017': inCase('origin https://evilapp.example.com GET'),
  'CORS-020': inCase('origin https://app.example.com:8443 GET'),
  'CORS-023': inCase('origin https://APP.EXAMPLE.COM GET'),
  'CORS-026': inCase('origin https://xn--app-uia.example.com GET'),
  'CORS-029': inCase('origin https://a%0d%0aSet-Cookie:x=1 GET'),
  'CORS-032': inTest('unit/attack-matrix.test.ts', 'an answer without Vary: Origin is wrong'),
  'CORS-035': inCase('origin null simple POST'),
}

const paths: Record<string, Where> = {
  'PATH-002': inCase('route POST /api/push as user'),
  'PATH-005': inCase('route POST /api/copy as user'),
  'PATH-008': inCase('closed POST /api/me as user'),
  'PATH-011': inCase('closed POST /api/experimental/web_search as user'),
  'PATH-014': inCase('closed POST /api/some-endpoint-of-a-later-release as user'),
  'PATH-017': path('/api/pull/'),
  'PATH-020': path('/api/./pull'),
  'PATH-023': path('/api/%70ull'),
  'PATH-026': path('/api%2Fpull'),
  'PATH-029': path('/api/%2e/pull'),
  'PATH-032': path('/api/tags%2f..%2fpull'),
  'PATH-035': path('/api/pull;x=1'),
  'PATH-038': path('/api/pull?x=1'),
  'PATH-041': path('/api/pull#/api/tags'),
  'PATH-044': path('/api/Pull'),
  'PATH-047': path('/api/pull%00'),
  'PATH-050': path('/api/%2570ull'),
  'PATH-053': path('/api%5cpull'),
  'PATH-056': path('/api/%u0070ull'),
  'PATH-059': path('/api/pull/%2e'),
  'PATH-062': path('/%2e%2e/api/pull'),
  'PATH-065': inCase('path http://evil.example/api/pull as user'),
  'PATH-068': inCase('path without a slash: api/pull'),
  'PATH-071': inCase('method CONNECT 127.0.0.1:22'),
  'PATH-074': inCase('path that splits the request'),
  'PATH-077': inCase('method FOO /api/tags as user'),
  'PATH-080': inCase('body with GET /api/version'),
  'PATH-083': inCase('body with GET /api/ps'),
  'PATH-086': inCase('model that nobody has, /api/chat'),
  'PATH-089': inCase('model that nobody has, /v1/chat/completions'),
  'PATH-092': inCase('body with GET /v1/models'),
  'PATH-095': inCase('model that nobody has, /v1/messages'),
  'PATH-098': inCase('cloud model gpt-oss:120b:cloud, /v1/chat/completions', 'the proxy reads no bodies: Ollama refuses it (OLLAMA_NO_CLOUD=1), 403, or 400 where it takes this for no name'),
}

const smuggling: Record<string, Where> = {
  'SMUG-002': inCase('smuggling: TE.CL with a hidden DELETE', 'by its chunks the message isn\'t complete: Caddy waits for the rest, as one request'),
  'SMUG-005': inCase('smuggling: TE twice, chunked and identity'),
  'SMUG-008': inCase('smuggling: CL with a space before the colon'),
  'SMUG-011': inCase('smuggling: CL in a list, the same'),
  'SMUG-014': inCase('smuggling: CL "0x5"'),
  'SMUG-017': inCase('smuggling: TE with a vertical tab'),
  'SMUG-020': inTest('unit/attack-matrix.test.ts', 'a folded Authorization'),
  'SMUG-023': inCase('host ""'),
  'SMUG-026': inCase('absolute target http://evil.example/api/tags'),
  'SMUG-029': inCase('smuggling: zero byte in a value'),
  'SMUG-032': inCase('underscores'),
  'SMUG-035': inCase('smuggling: chunk of size "FFFFFFFFFFFFFFFFF"'),
  'SMUG-038': inCase('upgrade h2c'),
  'SMUG-041': inCase('smuggling: HTTP/2 with prior knowledge'),
  'SMUG-044': inCase("connection names the proxy's own headers"),
  'SMUG-047': inTest('engine/renewal.test.ts', 'over TLS and HTTP/2 nothing gets in'),
  'SMUG-050': inTest('engine/renewal.test.ts', 'over TLS and HTTP/2 nothing gets in'),
}

const ratelimit: Record<string, Where> = {
  'RATE-002': inTest('engine/basic.test.ts', 'twelve at once at one name', 'basic alone has passwords to guess: 8 at a time for one name; a key has 256 bits, and mtls ends the handshake'),
  'RATE-005': inTest('engine/basic.test.ts', 'wait for each other, and who was let in before', 'counted by name and over all names, not by credential; --rate, which is per person, is never about guesses'),
  'RATE-008': inTest('engine/rate.test.ts', 'wrong credentials of a name cost its owner nothing, and one person costs another nothing', 'no limit is per address, so it doesn\'t matter who shares one'),
  'RATE-011': inTest('unit/values.test.ts', "'0r/s', '1.5r/s', '-1r/s', 'abc', '1e9r/s'"),
  'RATE-014': inCase('body that never comes, from a stranger'),
}

const allowlist: Record<string, Where> = {
  'ALLOW-002': inTest('engine/allow.test.ts', 'another one is refused whatever it brings, and nothing of it reaches Ollama'),
  'ALLOW-005': inTest('engine/allow.test.ts', 'another one is refused whatever it brings, and nothing of it reaches Ollama'),
  'ALLOW-008': inTest('unit/allowed.test.ts', "Docker's own addresses are never on the list", 'the stack\'s networks keep away from the list; where no range is left, the list is refused'),
  'ALLOW-011': inTest('unit/allowed.test.ts', '::ffff:192.168.1.5'),
  'ALLOW-014': inTest('unit/allowed.test.ts', 'fd00::/129'),
  'ALLOW-017': inTest('unit/allowed.test.ts', '1.2.3.4; allow all'),
  'ALLOW-020': inTest('engine/allow.test.ts', 'a listed address comes to the login, and with a credential in'),
  'ALLOW-023': inTest('files/rendered.test.ts', 'is what was reviewed', "the project's README says it"),
}

const cliInput: Record<string, Where> = {
  'CLI-002': inTest('unit/cli-input.test.ts', 'a person to add'),
  'CLI-005': inTest('unit/cli-input.test.ts', 'a person to add'),
  'CLI-008': inTest('unit/cli-input.test.ts', 'a person to add'),
  'CLI-011': inTest('unit/cli-input.test.ts', 'a person to add'),
  'CLI-014': inTest('unit/cli-input.test.ts', 'a person to add'),
  'CLI-017': inTest('unit/cli-input.test.ts', 'a person to add'),
  'CLI-020': inTest('unit/cli-input.test.ts', 'a host'),
  'CLI-023': inTest('unit/cli-input.test.ts', 'a host'),
  'CLI-026': inTest('unit/cli-input.test.ts', 'a host'),
  'CLI-029': inTest('unit/cli-input.test.ts', 'a host'),
  'CLI-032': inTest('unit/cli-input.test.ts', 'a host'),
  'CLI-035': inTest('files/rendered.test.ts', "the checkers of the programs that will read it accept it"),
  'CLI-038': inTest('unit/cli-input.test.ts', 'a host'),
  'CLI-041': inTest('unit/cli-input.test.ts', 'a host'),
  'CLI-044': inTest('unit/cli-input.test.ts', 'an origin'),
  'CLI-047': inTest('unit/cli-input.test.ts', 'an origin'),
  'CLI-050': inTest('unit/origins.test.ts', 'with the spaces that people put there', 'a pasted OLLAMA_ORIGINS list is translated entry by entry'),
  'CLI-053': inTest('unit/origins.test.ts', 'https://App.Example.com/', 'an origin is written in lower case, as browsers send it'),
  'CLI-056': inTest('unit/cli-input.test.ts', 'an origin'),
  'CLI-059': inTest('unit/cli-input.test.ts', 'an origin'),
  'CLI-062': inTest('unit/cli-input.test.ts', 'a port'),
  'CLI-065': inTest('unit/cli-input.test.ts', 'a port'),
  'CLI-068': inTest('unit/cli-input.test.ts', 'a port'),
  'CLI-071': inTest('unit/cli-input.test.ts', 'a port'),
  'CLI-074': inTest('unit/cli-input.test.ts', 'a project'),
  'CLI-077': inTest('unit/cli-input.test.ts', 'a project'),
  'CLI-080': inTest('unit/cli-input.test.ts', 'a project'),
  'CLI-083': inTest('unit/values.test.ts', "'a'.repeat(64)", '40 letters are a good Compose name; above 63 it is refused'),
  'CLI-086': inTest('unit/cli-input.test.ts', 'a directory elsewhere is shown as it really is', 'any new or empty directory may be meant; the real path is shown, and links are refused'),
  'CLI-089': inTest('unit/cli-input.test.ts', 'plain HTTP for everybody'),
  'CLI-092': inTest('unit/cli-input.test.ts', 'http://169.254.169.254'),
  'CLI-098': inTest('unit/own-cert.test.ts', 'encrypted.key'),
  'CLI-101': inTest('unit/own-cert.test.ts', 'a key that others may read'),
  'CLI-104': inTest('unit/run.test.ts', 'the environment changes nothing'),
}

const files: Record<string, Where> = {
  'FILE-002': inTest('files/places.test.ts', 'named, and nothing changes'),
  'FILE-005': inTest('files/places.test.ts', 'named, and nothing changes'),
  'FILE-008': inTest('files/places.test.ts', 'named, and nothing changes'),
  'FILE-011': inTest('files/places.test.ts', 'nothing is left, not even half a secret'),
  'FILE-014': inTest('engine/crowd.test.ts', 'twenty at once: nobody is lost'),
  'FILE-017': inTest('files/places.test.ts', 'only what may be shown is offered'),
  'FILE-020': inTest('files/places.test.ts', 'only what may be shown is offered'),
  'FILE-023': inTest('unit/cli-input.test.ts', 'the same person in another case'),
  'FILE-026': inTest('files/rendered.test.ts', 'is what was reviewed', "the project's README says what to label"),
}

const engineFaults: Record<string, Where> = {
  'ENG-002': inTest('unit/engine-faults.test.ts', 'unix:///nonexistent'),
  'ENG-005': inTest('unit/engine-faults.test.ts', 'an engine of 2019'),
  'ENG-008': inTest('unit/engine-pull.test.ts', 'an answer that breaks off'),
  'ENG-011': inTest('engine/errors.test.ts', "an image that can't be pulled"),
  'ENG-014': inTest('engine/stacks.test.ts', 'Ollama gone: a stream breaks off, then an error in JSON'),
  'ENG-017': inTest('engine/stacks.test.ts', 'Ollama gone: a stream breaks off'),
  'ENG-020': inTest('engine/errors.test.ts', 'an Ollama without enough memory'),
  'ENG-023': inTest('engine/stacks.test.ts', 'one table, equal answers'),
  'ENG-026': inTest('files/rendered.test.ts', 'is what was reviewed'),
  'ENG-029': inTest('engine/stacks.test.ts', 'both containers run with as little as they need'),
  'ENG-032': inTest('unit/backend.test.ts', 'nvidia without a runtime'),
  'ENG-035': inTest('engine/people.test.ts', 'still out after the proxy starts anew'),
  'ENG-038': inTest('engine/errors.test.ts', 'a project that the engine does not see'),
}

export const MET: Readonly<Record<string, Where>> = { ...bearer, ...basic, ...mtls, ...cors, ...paths, ...smuggling, ...ratelimit, ...allowlist, ...cliInput, ...files, ...engineFaults }
