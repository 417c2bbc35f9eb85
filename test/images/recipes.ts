// What each test image is made of. Which tag it gets is the product's business: the `image:` lines
// of the stacks' compose files. See README.md for what is like the official image and what isn't.

/** The `config` of the OCI image format. */
export interface ImageConfig {
  Env: string[]
  Entrypoint?: string[]
  Cmd: string[]
  ExposedPorts?: Record<string, object>
  WorkingDir?: string
  StopSignal?: string
}

export interface Recipe {
  /** Folder beside this file: `setup.sh`, and `root/` with files that go on top. */
  dir: string
  /** What a run says about this image. */
  kind: string
  suite: 'trixie' | 'sid'
  packages: string[]
  config: ImageConfig
  /** Put the Ollama stand-in and a Node into it. */
  standin?: true
}

const DEBIAN = ['base-files', 'base-passwd', 'bash', 'dash', 'coreutils', 'findutils', 'grep', 'hostname', 'libc-bin', 'mawk', 'sed']
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const TEST_IMAGE = 'Debian-built test image'

/** By repository. */
export const RECIPES: Record<string, Recipe> = {
  nginx: {
    dir: 'nginx',
    kind: TEST_IMAGE,
    suite: 'trixie',
    packages: [...DEBIAN, 'nginx', 'libnginx-mod-http-js', 'libnginx-mod-stream', 'curl', 'ca-certificates'],
    config: {
      Env: [`PATH=${PATH}`],
      Entrypoint: ['/docker-entrypoint.sh'],
      Cmd: ['nginx', '-g', 'daemon off;'],
      ExposedPorts: { '80/tcp': {} },
      StopSignal: 'SIGQUIT',
    },
  },
  'openresty/openresty': {
    dir: 'openresty',
    kind: TEST_IMAGE,
    suite: 'trixie',
    packages: [...DEBIAN, 'nginx', 'libnginx-mod-http-lua', 'lua-resty-core', 'lua-resty-lrucache', 'lua-cjson'],
    config: {
      Env: [`PATH=/usr/local/openresty/luajit/bin:/usr/local/openresty/nginx/sbin:/usr/local/openresty/bin:${PATH}`],
      Cmd: ['/usr/bin/openresty', '-g', 'daemon off;'],
      StopSignal: 'SIGQUIT',
    },
  },
  caddy: {
    dir: 'caddy',
    kind: TEST_IMAGE,
    // trixie's is too old.
    suite: 'sid',
    packages: ['base-files', 'base-passwd', 'busybox', 'ca-certificates', 'caddy', 'libc-bin', 'libcap2-bin'],
    config: {
      Env: [`PATH=${PATH}`, 'XDG_CONFIG_HOME=/config', 'XDG_DATA_HOME=/data'],
      Cmd: ['caddy', 'run', '--config', '/etc/caddy/Caddyfile', '--adapter', 'caddyfile'],
      ExposedPorts: { '80/tcp': {}, '443/tcp': {}, '443/udp': {}, '2019/tcp': {} },
      WorkingDir: '/srv',
    },
  },
  'ollama/ollama': {
    dir: 'ollama',
    kind: 'stand-in, generates no real text',
    suite: 'trixie',
    // What a Node binary links to.
    packages: [...DEBIAN, 'libstdc++6', 'libatomic1', 'ca-certificates'],
    config: {
      Env: [`PATH=${PATH}`, 'OLLAMA_HOST=0.0.0.0:11434'],
      Entrypoint: ['/bin/ollama'],
      Cmd: ['serve'],
      ExposedPorts: { '11434/tcp': {} },
    },
    standin: true,
  },
}
