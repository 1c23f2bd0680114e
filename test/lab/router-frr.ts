/** FRR as the lab's router: zebra and bgpd in the router's namespace, asked through vtysh. */
import { chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WorldFault } from '../../lib/base/failure.ts'
import { LabProcess, outputOf } from './process.ts'
import type { RouterDaemon, RouterSession, RouterSpec } from './router.ts'
import { frrConfig } from './router-config.ts'
import { FAMILIES } from './topology.ts'
import { until } from './waiting.ts'

const DAEMONS = '/usr/lib/frr'
const VTYSH = '/usr/bin/vtysh'
const START_DEADLINE = 10_000

interface Summary {
  readonly [section: string]: { readonly peers?: Readonly<Record<string, { readonly state: string }>> }
}

export class FrrRouter implements RouterDaemon {
  readonly #spec: RouterSpec
  #processes: LabProcess[] = []

  constructor(spec: RouterSpec) {
    this.#spec = spec
  }

  async start(): Promise<void> {
    if (!existsSync(VTYSH) || !existsSync(join(DAEMONS, 'bgpd')))
      throw new WorldFault('ENOENT', 'FRR is not installed: apt-get install frr, or choose another --router', {
        retry: false,
      })
    const { folder, topology, gracefulRestart } = this.#spec
    const config = join(folder, 'frr.conf')
    writeFileSync(config, frrConfig(topology, gracefulRestart))
    const account = frrAccount()
    chownSync(folder, account.uid, account.gid)
    this.#processes = [this.#daemon('zebra', '/dev/null'), this.#daemon('bgpd', config)]
    await until('starting FRR', START_DEADLINE, async () => {
      const fallen = this.#processes.find(daemon => !daemon.running)
      if (fallen !== undefined)
        throw new WorldFault('ECHILD', `FRR ended at once: ${fallen.lastWords}`, { retry: false })
      return existsSync(join(folder, 'bgpd.vty')) ? undefined : 'bgpd listens to no vtysh'
    })
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map(daemon => daemon.stop()))
  }

  async sessions(): Promise<readonly RouterSession[]> {
    const text = await this.ask('show bgp summary json')
    const summary = JSON.parse(text) as Summary
    const rows = Object.values(summary).flatMap(section => Object.entries(section.peers ?? {}))
    return this.#spec.topology.nodes.flatMap(node =>
      FAMILIES.map(family => ({
        node: node.name,
        family,
        state: rows.find(([address]) => address === node.address[family])?.[1].state ?? 'Idle',
      })),
    )
  }

  /** The answer to one vtysh command. */
  ask(command: string): Promise<string> {
    const { folder, namespace } = this.#spec
    return outputOf(namespace, VTYSH, ['--vty_socket', folder, '-c', command])
  }

  #daemon(name: 'zebra' | 'bgpd', config: string): LabProcess {
    const { folder, namespace } = this.#spec
    const args = ['-f', config, '-i', join(folder, `${name}.pid`), '-z', join(folder, 'zserv.api')]
    return new LabProcess({
      namespace,
      command: join(DAEMONS, name),
      args: [...args, '--vty_socket', folder, '-P', '0', '-u', 'frr', '-g', 'frr', '--log', 'stdout'],
      log: join(folder, `${name}.log`),
    })
  }
}

/** FRR drops root for its own account, which must own the folder of its sockets. */
function frrAccount(): { uid: number; gid: number } {
  const [, , uid, gid] =
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map(line => line.split(':'))
      .find(([name]) => name === 'frr') ?? []
  if (uid === undefined || gid === undefined)
    throw new WorldFault('ENOENT', 'FRR is installed, but the account frr is missing', { retry: false })
  return { uid: Number(uid), gid: Number(gid) }
}
