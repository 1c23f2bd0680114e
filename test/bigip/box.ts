/** The inside of a device as its rules see it: objects, what the machine is, and a few questions that many rules ask. */
import { createHash } from 'node:crypto'
import type { Entry } from './kind.ts'
import { Store } from './store.ts'

export interface Machine {
  readonly hostName: string
  readonly version: string
  readonly routingBundle: boolean
  readonly applianceMode: boolean
  readonly username: string
  readonly clock: () => number
}

export class Box {
  readonly store = new Store()
  readonly machine: Machine
  /** Whether this unit has the traffic groups. */
  active = true
  #tunnels = 0

  constructor(machine: Machine) {
    this.machine = machine
  }

  /** Full path of this device's own object. */
  get device(): string {
    return `/Common/${this.machine.hostName}`
  }

  /** Of a partition, for addresses without `%id`. */
  defaultRouteDomain(partition: string): number {
    return Number(this.store.get('/auth/partition', partition)?.values['defaultRouteDomain'] ?? 0)
  }

  /** Value of a database variable. */
  db(name: string): string {
    return String(this.store.get('/sys/db', name)?.values['value'] ?? '')
  }

  routeDomain(id: number): Entry | undefined {
    return this.store.owner(`route domain ${id}`)
  }

  /** The route domain that has a VLAN or tunnel. */
  routeDomainOf(vlan: string): number {
    const entry = this.store
      .list('/net/route-domain')
      .find(({ values }) => (values['vlans'] as string[] | undefined)?.includes(vlan))
    return Number(entry?.values['id'] ?? 0)
  }

  /** Another one each time, and on each device. */
  nextMac(): string {
    const digest = createHash('sha256')
      .update(`${this.machine.hostName} ${++this.#tunnels}`)
      .digest()
    return `00:50:56:${[...digest.subarray(0, 3)].map(octet => octet.toString(16).padStart(2, '0')).join(':')}`
  }
}
