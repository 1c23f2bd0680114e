/** What a device must hold so that it reaches every pod, by mode: one file per mode beside this one, chosen here. Pure. */
import type { ClusterNetwork } from '../../cni/network.ts'
import type { Finding } from '../finding.ts'
import type { BigIpSpec, Mode } from '../resource.ts'
import { chooseRouting } from '../routing/choice.ts'
import { chooseMode } from './auto.ts'
import { bgp, routingPart } from './bgp.ts'
import { ciliumVxlan } from './cilium-vxlan.ts'
import type { Answer, Desire, ModeInput } from './desire.ts'
import { flannelHostGw } from './flannel-host-gw.ts'
import { flannelVxlan } from './flannel-vxlan.ts'
import { Place } from './place.ts'
import { podpeerVxlan } from './podpeer-vxlan.ts'
import { staticRoutes } from './static.ts'
import { underlay } from './underlay.ts'

export { cniOf } from './auto.ts'
export type { Desire, ModeInput, OtherUnit, Published } from './desire.ts'
export { tunnelPaths } from './overlay.ts'

const MODES: { readonly [M in Mode]: (input: ModeInput, place: Place) => Answer } = {
  'flannel-vxlan': flannelVxlan,
  'flannel-host-gw': flannelHostGw,
  'calico-bgp': bgp,
  'cilium-bgp': bgp,
  bgp,
  'cilium-vxlan': ciliumVxlan,
  'podpeer-vxlan': podpeerVxlan,
  static: staticRoutes,
  'aws-cni': underlay,
  underlay,
}

/** Costs a look-up for each node and pod that is the same value as before. Never throws for what objects or devices hold. */
export function desire(input: ModeInput): Desire {
  const { spec, unit, network, facts, identity } = input
  const place = new Place(input)
  const { mode, because, remedy } = chooseMode(spec.mode, network, facts)
  const where = { routeDomain: place.routeDomain, unit: `unit ${unit.name}` }
  const nothing = { expectations: [], exclusiveTunnels: [], sharedTunnels: [] }
  const rest = {
    because,
    podNetworks: identity.adopt === undefined ? [] : podNetworks(network),
    ...routingPart(chooseRouting(facts, undefined, where)),
  }
  if (mode === undefined)
    return {
      ...nothing,
      ...rest,
      rows: [],
      complete: false,
      findings: [
        {
          code: 'mode-unknown',
          severity: 'error',
          subject: 'spec.mode',
          cause: `mode auto cannot tell what the cluster needs: ${because}`,
          ...(remedy === undefined ? {} : { remedy }),
        },
      ],
      exclusions: [],
      served: 0,
      published: publish({}),
    }
  const answer = MODES[mode](input, place)
  return {
    ...nothing,
    complete: true,
    ...rest,
    ...answer,
    mode,
    // in a partition that is not there nothing can be
    ...(facts.partitions.has(identity.partition) ? {} : { rows: [], expectations: [], complete: false }),
    findings: [...partitionFindings(input, place), ...answer.findings],
    exclusions: [...network.exclusions, ...answer.exclusions],
    published: publish(answer.published ?? {}),
  }
}

/** Whether pods are part of what is wanted: their watch costs much, and most modes do without. */
export function needsPods({ mode, arp }: BigIpSpec, { cni, backend }: ClusterNetwork): boolean {
  const isFlannel = mode === 'flannel-vxlan' || (mode === 'auto' && cni === 'flannel' && backend === 'vxlan')
  return arp === 'pod' && (isFlannel || mode === 'podpeer-vxlan')
}

function podNetworks({ clusterCIDRs, nodes }: ClusterNetwork): readonly string[] {
  return clusterCIDRs.length > 0 ? clusterCIDRs : nodes.flatMap(({ podCIDRs }) => podCIDRs.map(({ prefix }) => prefix))
}

function partitionFindings({ spec, facts, identity, unit }: ModeInput, { routeDomain }: Place): Finding[] {
  const { partition } = identity
  const subject = `unit ${unit.name}`
  if (!facts.partitions.has(partition))
    return [
      {
        code: 'partition-missing',
        severity: 'error',
        subject,
        cause: `the device has no partition ${partition}`,
        remedy: `tmsh create auth partition ${partition}`,
      },
    ]
  if (spec.routeDomain !== undefined || routeDomain === 0) return []
  return [
    {
      code: 'route-domain-implied',
      severity: 'warning',
      subject,
      cause: `route domain ${routeDomain} is taken because it is the default one of partition ${partition}, which AS3 sets to 0 with each declaration unless told otherwise: everything would then move to route domain 0`,
      remedy: `write spec.routeDomain: ${routeDomain}`,
    },
  ]
}

function publish(said: Partial<Desire['published']>): Desire['published'] {
  return { tunnelSubnets: [], selfIPs: [], advertised: [], reflectors: [], ...said }
}
