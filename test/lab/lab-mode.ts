/**
 * The modes that the lab can play, and what each needs around the controller: which CNI the nodes seem to run, whether agents
 * run on them, and the part of the BIGIP object that says it. Pure.
 */
import { TIMERS } from './agent-config.ts'
import { FAMILIES, type FamilyName, type PerFamily, ROUTER_AS } from './topology.ts'

export const LAB_MODES = ['bgp', 'flannel-vxlan', 'flannel-host-gw', 'cilium-vxlan', 'podpeer-vxlan', 'static'] as const
export type LabMode = (typeof LAB_MODES)[number]

/** Whose objects the nodes carry, and who is played on them where it is not ours. */
export type LabCni = 'none' | 'flannel-vxlan' | 'flannel-host-gw' | 'cilium' | 'calico'

export interface ModePlan {
  readonly cni: LabCni
  /** What podpeer's agents do on the nodes; absent: none run. */
  readonly agents?: 'peer with BIG-IP' | 'keep rows'
  /** What of the pods' addresses BIG-IP reaches. */
  readonly families: readonly FamilyName[]
  /** Fields of the BIGIP's spec beside address and login. */
  readonly spec: Readonly<Record<string, unknown>>
  /** Of the unit in that spec. */
  readonly unit: Readonly<Record<string, unknown>>
  /** Who does on the nodes what is not podpeer's yet; in words for a person. */
  readonly played?: string
}

/** BIG-IP's share of flannel's range in the guides, which a dummy Node keeps from being handed out. */
export const FLANNEL_SHARE: PerFamily = { ipv4: '10.244.255.0/24', ipv6: 'fd00:10:244:ff::/64' }
const CILIUM_SELF_IP = '10.250.255.1/16'

const vips = { virtualAddresses: ['203.0.113.0/24', '2001:db8:113::/64'], mode: 'always' }

export const MODE_PLANS: { readonly [Mode in LabMode]: ModePlan } = {
  bgp: {
    cni: 'none',
    agents: 'peer with BIG-IP',
    families: FAMILIES,
    spec: {
      mode: 'bgp',
      bgp: {
        asNumber: ROUTER_AS,
        api: 'tmos',
        holdTime: TIMERS.holdTime,
        keepaliveTime: TIMERS.keepaliveTime,
      },
      advertise: vips,
    },
    unit: {},
  },
  'flannel-vxlan': {
    cni: 'flannel-vxlan',
    families: FAMILIES,
    agents: 'keep rows',
    spec: {},
    unit: { tunnel: { selfIPs: ['10.245.255.1/15', 'fd00:10:245:ff::1/47'] } },
    played: 'flanneld with its three rows per Node',
  },
  'flannel-host-gw': {
    cni: 'flannel-host-gw',
    families: FAMILIES,
    spec: {},
    unit: {},
    played: 'flanneld with its route per Node',
  },
  'cilium-vxlan': {
    cni: 'cilium',
    families: ['ipv4'],
    spec: { mode: 'cilium-vxlan' },
    unit: { tunnel: { selfIPs: [CILIUM_SELF_IP] } },
    played: 'Cilium, its VTEP map as kernel rows, and the person who writes vtep-values into cilium-config',
  },
  'podpeer-vxlan': {
    cni: 'calico',
    families: FAMILIES,
    agents: 'keep rows',
    spec: { mode: 'podpeer-vxlan' },
    unit: { tunnel: { selfIPs: ['10.245.255.1/15', 'fd00:10:245:ff::1/47'] } },
    played: "Calico's routes between the nodes",
  },
  static: {
    cni: 'calico',
    families: FAMILIES,
    spec: { mode: 'static' },
    unit: {},
    played: "Calico's routes between the nodes",
  },
}
