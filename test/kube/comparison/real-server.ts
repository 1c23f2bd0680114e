/**
 * A real kube-apiserver over a real etcd, on loopback, with a folder of its own that goes with it. Where the programs are is
 * said by KUBEBUILDER_ASSETS, as for envtest. Ends only the processes that it started.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Asker, type Server } from './asker.ts'

const TOKEN = 'admin-token'
const PATIENCE = 90_000

/** They write into objects for the sake of a scheduler and of controllers, and there are none here. */
const WITHOUT = 'ServiceAccount,TaintNodesByCondition,DefaultTolerationSeconds,Priority'

/** The folder of KUBEBUILDER_ASSETS when both programs are there. */
export function realServerFolder(): string | undefined {
  const folder = process.env['KUBEBUILDER_ASSETS']
  return folder !== undefined && ['etcd', 'kube-apiserver'].every(name => existsSync(join(folder, name)))
    ? folder
    : undefined
}

export class RealServer {
  readonly server: Server
  readonly #close: () => Promise<void>

  private constructor(server: Server, close: () => Promise<void>) {
    this.server = server
    this.#close = close
  }

  static async start(assets: string): Promise<RealServer> {
    const folder = mkdtempSync(join(tmpdir(), 'podpeer-kube-apiserver-'))
    const running: ChildProcess[] = []
    const crashed = () => {
      for (const child of running) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
    process.once('exit', crashed)
    const close = async () => {
      for (const child of running.toReversed()) await ended(child)
      rmSync(folder, { recursive: true, force: true })
      process.off('exit', crashed)
    }
    const start = (name: string, args: readonly string[]) => {
      const child = spawn(join(assets, name), args, { stdio: ['ignore', 'pipe', 'pipe'] })
      const log = createWriteStream(join(folder, `${name}.log`))
      child.stdout.pipe(log, { end: false })
      child.stderr.pipe(log, { end: false })
      running.push(child)
      return child
    }
    try {
      const [client = 0, peer = 0, port = 0] = await freePorts(3)
      const etcd = `http://127.0.0.1:${client}`
      start('etcd', etcdFlags(folder, etcd, `http://127.0.0.1:${peer}`))
      writeFileSync(join(folder, 'tokens.csv'), `${TOKEN},admin,admin,"system:masters"\nnobody-token,nobody,nobody\n`, {
        mode: 0o600,
      })
      const { privateKey, publicKey } = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      })
      writeFileSync(join(folder, 'accounts.key'), privateKey, { mode: 0o600 })
      writeFileSync(join(folder, 'accounts.pub'), publicKey)
      const minor = minorOf(join(assets, 'kube-apiserver'))
      const api = start('kube-apiserver', apiFlags(folder, etcd, port, minor))
      const server = await ready(api, folder, { url: `https://127.0.0.1:${port}`, minor, forget: () => compact(etcd) })
      return new RealServer(server, close)
    } catch (thrown) {
      await close()
      throw thrown
    }
  }

  close(): Promise<void> {
    return this.#close()
  }
}

function minorOf(program: string): number {
  const said = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout
  return Number(/v1\.(\d+)/.exec(said)?.[1] ?? 0)
}

function etcdFlags(folder: string, client: string, peer: string): string[] {
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
  ]
}

function apiFlags(folder: string, etcd: string, port: number, minor: number): string[] {
  return [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    ...(minor < 24 ? ['--insecure-port=0'] : []),
    `--cert-dir=${join(folder, 'certificates')}`,
    '--service-cluster-ip-range=10.0.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(folder, 'accounts.pub')}`,
    `--service-account-signing-key-file=${join(folder, 'accounts.key')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    `--disable-admission-plugins=${WITHOUT}`,
  ]
}

async function ready(
  api: ChildProcess,
  folder: string,
  place: Pick<Server, 'url' | 'minor' | 'forget'>,
): Promise<Server> {
  const certificate = join(folder, 'certificates', 'apiserver.crt')
  for (const deadline = Date.now() + PATIENCE; ; await sleep(200)) {
    if (api.exitCode !== null || Date.now() > deadline)
      throw new Error(
        `kube-apiserver did not come up:\n${readFileSync(join(folder, 'kube-apiserver.log'), 'utf8').slice(-2000)}`,
      )
    if (!existsSync(certificate)) continue
    const server = { ...place, ca: readFileSync(certificate, 'utf8'), token: TOKEN }
    const asker = new Asker(server)
    const answer = await asker.ask({ method: 'GET', path: '/readyz' }).catch(() => undefined)
    asker.close()
    if (answer?.code === 200) return server
  }
}

/** Asks etcd through its JSON gateway. */
async function compact(etcd: string): Promise<void> {
  const call = async (path: string, body: object) => {
    const answer = await fetch(`${etcd}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
    return (await answer.json()) as { header: { revision: string } }
  }
  const { header } = await call('range', { key: Buffer.from('/registry').toString('base64') })
  await call('compaction', { revision: header.revision, physical: true })
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer()
      return new Promise<typeof server>(resolve => void server.listen(0, '127.0.0.1', () => resolve(server)))
    }),
  )
  const ports = servers.map(server => (server.address() as { port: number }).port)
  for (const server of servers) await new Promise(resolve => server.close(resolve))
  return ports
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(late)
}
