/** The image's file system, made here and entered by chroot: nothing of this machine but the kernel is left to lean on. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { version } from '../../daemon/version.ts'
import { until } from '../until.ts'

const ROOT = join(import.meta.dirname, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'podpeer-rootfs-'))
const rootfs = join(scratch, 'rootfs')

/** Into the file system; without root as root of a user namespace. */
const user = process.getuid?.() === 0 ? [] : ['--map-root-user']
const enter = (...namespaces: string[]) => ['unshare', ...user, ...namespaces, 'chroot', rootfs, '/usr/bin/podpeer']
const may = spawnSync('unshare', [...user, '--net', 'true']).status === 0
const skip = !may && process.env['CI'] !== 'true' && 'neither root nor user namespaces'

/** Nothing listens behind this: what counts is that the client for it is there and says so. */
const KUBECONFIG = {
  'current-context': 'here',
  contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
  clusters: [{ name: 'here', cluster: { server: 'https://127.0.0.1:1' } }],
  users: [{ name: 'me', user: { token: 'none' } }],
}

const CONFIG = {
  node: 'node-1',
  asNumber: 65010,
  routerId: '192.0.2.1',
  kubernetes: { kubeconfig: '/etc/podpeer.kubeconfig' },
  announce: { prefixes: ['10.244.1.0/24'] },
  peers: [{ name: 'tor', address: '192.0.2.254', asNumber: 65100 }],
}

interface Status {
  readonly listening: readonly string[]
  readonly kubernetes: { readonly state: string; readonly reason?: string }
}

function podpeer(...args: string[]): string {
  const [program = '', ...rest] = enter()
  const { status, stdout, stderr } = spawnSync(program, [...rest, ...args], { encoding: 'utf8' })
  assert.equal(status, 0, `podpeer ${args.join(' ')}: ${stderr}`)
  return stdout
}

before(() => {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'deploy/image/rootfs.ts'), rootfs], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
})
after(() => rmSync(scratch, { recursive: true, force: true }))

test('it is made once: what is in the folder already is not mixed in', () => {
  const again = spawnSync(process.execPath, [join(ROOT, 'deploy/image/rootfs.ts'), rootfs], { encoding: 'utf8' })
  assert.deepEqual([again.status, again.stderr], [1, `rootfs: ${rootfs} is not empty\n`])
})

test('it holds no shell, nothing to compile, and what makes names and certificates work', () => {
  const { stdout } = spawnSync('find', ['.', '-type', 'f', '-printf', '%P\\n'], { cwd: rootfs, encoding: 'utf8' })
  const paths = stdout.trim().split('\n')
  assert.deepEqual(
    paths.filter(path =>
      /(^|\/)(sh|bash|busybox)$|\.([cm]?ts|map|cc)$|node_modules\/(typescript|@biomejs)\//.test(path),
    ),
    [],
  )
  for (const path of ['etc/passwd', 'etc/nsswitch.conf', 'opt/podpeer/node_modules/undici/LICENSE'])
    assert.ok(paths.includes(path), path)
  assert.equal(statSync(join(rootfs, 'tmp')).mode & 0o1777, 0o1777)
})

describe('entered by chroot', { skip }, () => {
  let agent: ChildProcess
  let log = ''
  let end: Promise<number | null>

  before(() => {
    writeFileSync(join(rootfs, 'etc/podpeer.kubeconfig'), JSON.stringify(KUBECONFIG))
    writeFileSync(join(rootfs, 'etc/agent.yaml'), JSON.stringify(CONFIG))
    const [program = '', ...rest] = enter('--net')
    agent = spawn(program, [...rest, 'agent', '--config', '/etc/agent.yaml'], { stdio: ['ignore', 'pipe', 'inherit'] })
    agent.stdout?.setEncoding('utf8').on('data', text => {
      log += text
    })
    end = new Promise(resolve => agent.once('close', resolve))
  })
  after(() => agent.kill('SIGKILL'))

  const status = (): Status => JSON.parse(podpeer('node', 'status', '-o', 'json')).agent

  test('the command line runs', () => {
    assert.equal(podpeer('--version'), `${version}\n`)
    assert.match(podpeer('config', 'check', '/etc/agent.yaml'), /: ok$/m)
  })

  test('an agent runs: native binding, sockets, the Kubernetes client', async () => {
    await until('the agent runs', () => log.includes('"agent started"'))
    await until('it listens and misses the API', () => {
      const { listening, kubernetes } = status()
      return listening.length > 0 && kubernetes.reason !== undefined
    })
    const { listening, kubernetes } = status()
    assert.deepEqual(listening, ['0.0.0.0:179', '[::]:179'])
    assert.doesNotMatch(`${kubernetes.reason}`, /thread fell|Cannot find/)
    assert.match(podpeer('peers'), /^tor +192\.0\.2\.254 +65100 +(Connect|Active) /m)
  })

  test('a controller runs, and answers', async context => {
    const [program = '', ...rest] = enter('--net')
    const words = ['controller', '--kubeconfig', '/etc/podpeer.kubeconfig', '--socket', '/tmp/controller.sock']
    const controller = spawn(program, [...rest, ...words, '--no-leader-election'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    context.after(() => controller.kill('SIGKILL'))
    const ended = new Promise(resolve => controller.once('close', resolve))
    let said = ''
    controller.stdout.setEncoding('utf8').on('data', text => {
      said += text
    })
    await until('the controller runs', () => said.includes('"controller started"'))
    assert.equal(JSON.parse(podpeer('bigip', 'status', '--socket', '/tmp/controller.sock', '-o', 'json')).leading, true)
    controller.kill('SIGTERM')
    assert.equal(await ended, 0)
  })

  test('the agent ends when it is told to', async () => {
    agent.kill('SIGTERM')
    assert.equal(await end, 0)
    assert.match(log, /"agent stopping"/)
    assert.doesNotMatch(log, /"level":"error"/)
  })
})
