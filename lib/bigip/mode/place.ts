/**
 * Where the objects of one cluster are on one device: partition, route domain, names and descriptions, and what of the
 * device's own addresses lies in that route domain. Rule of the normal form: `%id` stands only where it is not the default
 * route domain of our partition. Routes of a pair lie in /LOCAL_ONLY, which does not sync: each unit has its own.
 */
import type { Address } from '../../base/ip.ts'
import type { Prefix } from '../../base/prefix.ts'
import type { DeviceFacts } from '../facts.ts'
import { NOT_SYNCED, ownName, tagOf } from '../ownership.ts'
import type { Row } from '../row.ts'
import type { ModeInput } from './desire.ts'
import { parseInterface } from './subnet.ts'

/** A self IP of our route domain. */
export interface SelfIP {
  readonly path: string
  readonly address: Address
  readonly subnet: Prefix
  readonly vlan: string
  readonly floating: boolean
  readonly trafficGroup?: string
  readonly allowService: readonly string[]
}

const NOT_FLOATING = '/Common/traffic-group-local-only'

export class Place {
  readonly #identity: ModeInput['identity']
  readonly #facts: DeviceFacts
  readonly routeDomain: number
  /** Whether the device has a peer that its configuration syncs to. */
  readonly paired: boolean
  /** Of the partition of routes. */
  readonly #routes: string
  #selfIPs: readonly SelfIP[] | undefined

  constructor({ spec, identity, facts }: Pick<ModeInput, 'spec' | 'identity' | 'facts'>) {
    this.#identity = identity
    this.#facts = facts
    this.routeDomain = spec.routeDomain ?? this.#defaultOf(identity.partition)
    this.paired = facts.peers.length > 0
    this.#routes = this.paired ? NOT_SYNCED : identity.partition
  }

  /** Two places with the same key make the same objects of the same values. */
  get key(): string {
    const { clusterId, partition, adopt = '' } = this.#identity
    return [clusterId, partition, adopt, this.address(''), this.#routes].join(' ')
  }

  name(rest: string): string {
    return ownName(this.#identity, rest)
  }

  /** A name as CIS makes it. */
  cisName(rest: string): string {
    return `/${this.#identity.partition}/k8s-${rest}`
  }

  get adoptsCis(): boolean {
    return this.#identity.adopt === 'cis'
  }

  get description(): string {
    return tagOf(this.#identity)
  }

  /** An address, or a prefix, as it stands in rows. */
  address(text: string): string {
    const own = this.routeDomain === this.#defaultOf(this.#identity.partition)
    return own ? text : text.replace(/(?=\/|$)/, `%${this.routeDomain}`)
  }

  /**
   * @param to through a tunnel, or by a gateway
   * @param name a name of CIS's; otherwise it is made from the network, which is unique in a route domain
   */
  route(
    network: string,
    to: { readonly interface: string } | { readonly gateway: string },
    name = ownName({ ...this.#identity, partition: this.#routes }, network.replace('/', '-')),
  ): Row<'route'> {
    return {
      kind: 'route',
      name,
      description: this.description,
      fields: {
        network: this.address(network),
        ...('gateway' in to ? { gateway: this.address(to.gateway) } : to),
      },
    }
  }

  /** All that the route domain has. */
  get selfIPs(): readonly SelfIP[] {
    this.#selfIPs ??= this.#facts.selfIPs.flatMap(row => this.#selfIP(row))
    return this.#selfIPs
  }

  #selfIP({ name, fields: { address: text, vlan, trafficGroup, allowService } }: Row<'self IP'>): SelfIP[] {
    const [, head = '', domain, length = ''] = /^([^%/]+)(?:%(\d+))?(\/\d+)?$/.exec(text) ?? []
    if (head === '' || Number(domain ?? this.#defaultOf(partitionOf(name))) !== this.routeDomain) return []
    return [
      {
        path: name,
        ...parseInterface(head + length),
        vlan,
        floating: trafficGroup !== undefined && trafficGroup !== NOT_FLOATING,
        ...(trafficGroup === undefined ? {} : { trafficGroup }),
        allowService,
      },
    ]
  }

  #defaultOf(partition: string): number {
    return this.#facts.partitions.get(partition) ?? 0
  }
}

function partitionOf(path: string): string {
  return path.split('/')[1] ?? ''
}
