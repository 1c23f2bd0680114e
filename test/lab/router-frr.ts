/** FRR as the lab's router: zebra and bgpd in the router's namespace, asked through vtysh. */
import { chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WorldFault } from '../../lib/base/failure.ts'
import { MS_BIND, mount } from '../../lib/linux/libc.ts'
import { frrCommands } from './frr-change.ts'
import { LabProcess, outputOf } from './process.ts'
import { isRootless } from './rootless.ts'
import type { RouterDaemon, RouterSession, RouterSpec } from './router.ts'
import { untilComplete } from './waiting.ts'

const DAEMONS = '/usr/lib/frr'
const VTYSH = '/usr/bin/vtysh'
const ACCOUNT = 'frr'
const KERNEL_PATIENCE = '60'
const START_DEADLINE = 60_000

type Daemon = 'zebra' | 'bfdd' | 'bgpd'

interface SummaryPeer {
  readonly state: string
  readonly pfxRcd?: number
  readonly pfxSnt?: number
  readonly peerUptimeMsec?: number
}

interface Summary {
  readonly [section: string]: { readonly peers?: Readonly<Record<string, SummaryPeer>> }
}

export class FrrRouter implements RouterDaemon {
  readonly #spec: RouterSpec
  readonly #processes = new Map<string, LabProcess>()
  #config: string

  constructor(spec: RouterSpec) {
    this.#spec = spec
    this.#config = spec.config
  }

  async start(): Promise<void> {
    if (!existsSync(VTYSH) || !existsSync(join(DAEMONS, 'bgpd')))
      throw new WorldFault('ENOENT', 'FRR is not installed: apt-get install frr, or choose another --router', {
        retry: false,
      })
    const { folder } = this.#spec
    const path = join(folder, 'frr.conf')
    writeFileSync(path, this.#config)
    if (isRootless()) this.#pretendAccounts()
    else chownSync(folder, ...frrAccount())
    // -K: what a former run left in the kernel is kept for so many seconds
    await this.#begin('zebra', join(folder, 'zserv.api'), '/dev/null', '-K', KERNEL_PATIENCE)
    if (/^bfd$/m.test(this.#config))
      await this.#begin('bfdd', join(folder, 'bfdd.vty'), path, '--bfdctl', join(folder, 'bfdd.sock'))
    // not before zebra listens: bgpd would try again only ten seconds later
    await this.#begin('bgpd', join(folder, 'bgpd.vty'), path)
  }

  /** Starts one of its daemons and waits for the socket that it opens last. */
  async #begin(name: Daemon, socket: string, config: string, ...more: string[]): Promise<void> {
    rmSync(socket, { force: true })
    const daemon = this.#daemon(name, config, ...more)
    this.#processes.set(name, daemon)
    await untilComplete(`starting FRR's ${name}`, START_DEADLINE, async () => {
      if (!daemon.running)
        throw new WorldFault('ECHILD', `FRR's ${name} ended at once: ${daemon.lastWords}`, { retry: false })
      return existsSync(socket) ? undefined : `${socket} is not there`
    })
  }

  async configure(config: string): Promise<void> {
    const commands = frrCommands(this.#config, config)
    this.#config = config
    if (commands.length > 0) await this.ask(...commands)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#processes.values()].map(daemon => daemon.stop()))
  }

  async kill9(): Promise<void> {
    await Promise.all([...this.#processes.values()].map(daemon => daemon.kill('SIGKILL')))
  }

  async sessions(): Promise<readonly RouterSession[]> {
    const summary = JSON.parse(await this.ask('show bgp summary json')) as Summary
    return Object.values(summary)
      .flatMap(section => Object.entries(section.peers ?? {}))
      .map(([peer, { state, pfxRcd = 0, pfxSnt = 0, peerUptimeMsec = 0 }]) => ({
        peer,
        state,
        received: pfxRcd,
        sent: pfxSnt,
        uptime: Math.floor(peerUptimeMsec / 1000),
      }))
  }

  /** The answer to vtysh commands. */
  ask(...commands: string[]): Promise<string> {
    const { folder, namespace } = this.#spec
    return outputOf(namespace, VTYSH, ['--vty_socket', folder, ...commands.flatMap(command => ['-c', command])])
  }

  /** In a user namespace nobody but root exists: FRR's groups become root's, and its folders our own. */
  #pretendAccounts(): void {
    for (const folder of ['/var/tmp', '/etc/frr']) mount('tmpfs', folder, 'tmpfs', 0)
    writeFileSync('/etc/frr/vtysh.conf', '')
    const groups = join(this.#spec.folder, 'group')
    writeFileSync(groups, readFileSync('/etc/group', 'utf8').replaceAll(/^(frr|frrvty):([^:]*):\d+:/gm, '$1:$2:0:'))
    mount(groups, '/etc/group', 'none', MS_BIND)
  }

  #daemon(name: Daemon, config: string, ...more: string[]): LabProcess {
    const { folder, namespace } = this.#spec
    const args = ['-f', config, '-i', join(folder, `${name}.pid`), '-z', join(folder, 'zserv.api'), '-P', '0']
    const account = isRootless() ? 'root' : ACCOUNT
    return new LabProcess({
      namespace,
      command: join(DAEMONS, name),
      args: [...args, ...more, '--vty_socket', folder, '-u', account, '-g', account, '--log', 'stdout'],
      log: join(folder, `${name}.log`),
    })
  }
}

/** FRR drops root for its own account, which must own the folder of its sockets. */
function frrAccount(): [uid: number, gid: number] {
  const [, , uid, gid] =
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map(line => line.split(':'))
      .find(([name]) => name === ACCOUNT) ?? []
  if (uid === undefined || gid === undefined)
    throw new WorldFault('ENOENT', 'FRR is installed, but the account frr is missing', { retry: false })
  return [Number(uid), Number(gid)]
}
