// Builds the optional native module raw-socket for the Node that runs podpeer (npm builds it for the host's Node headers).
// Rules: never rebuild what loads; never fail an install; say in one line when ICMP probes will be without it.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const module = join(root, 'node_modules', 'raw-socket')

function off(reason) {
  console.log(`podpeer: ICMP probes will not use raw-socket: ${reason}`)
}

function headers() {
  const nested = join(root, 'node_modules/node/node_modules', `node-${process.platform}-${process.arch}`)
  const folders = [nested, dirname(dirname(process.execPath))]
  return folders.find(folder => existsSync(join(folder, 'include/node/node.h')))
}

function build() {
  if (!existsSync(module)) return off('it is not installed (optional dependency)')
  try {
    require('raw-socket')
    return
  } catch {}
  const nodedir = headers()
  if (nodedir === undefined) return off('the headers of this Node were not found')
  const npm = join(dirname(process.env.npm_execpath ?? ''), '../node_modules/node-gyp/bin/node-gyp.js')
  const gyp = existsSync(npm) ? [process.execPath, npm] : ['node-gyp']
  const run = spawnSync(gyp[0], [...gyp.slice(1), 'rebuild'], {
    cwd: module,
    stdio: 'ignore',
    env: { ...process.env, npm_config_nodedir: nodedir, npm_package_config_node_gyp_nodedir: nodedir },
  })
  if (run.status !== 0) return off('no working C++ compiler (node-gyp failed)')
}

build()
