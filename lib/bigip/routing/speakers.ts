/**
 * Which routers a device shall peer with, from the nodes of the cluster: all of them, or the reflectors. Pure. A node without an
 * address of a family that the device speaks is left out, with the reason.
 */
import type { NodeNetwork } from '../../cni/network.ts'
import type { Exclusion, Finding } from '../finding.ts'
import { type BgpFamily, familyName } from './family.ts'

/** One router that the device shall peer with: a node's agent, a reflector, the other unit of the pair. */
export interface BgpSpeaker {
  readonly kind: 'Node' | 'unit'
  readonly name: string
  /** One session for each; it carries the family of its address. */
  readonly addresses: readonly string[]
  readonly asNumber: number
}

export interface SpeakerSelection {
  readonly nodes: readonly NodeNetwork[]
  readonly peers: 'per-node' | 'reflector'
  /** `spec.reflector.nodeSelector.matchLabels`; counts where `peers` is `reflector`. */
  readonly matchLabels?: Readonly<Record<string, string>>
  /** `spec.bgp.nodeASNumber`; a node's own wins. */
  readonly nodeASNumber: number
  /** Of the device's subnets towards the nodes. */
  readonly families: readonly BgpFamily[]
}

export interface SelectedSpeakers {
  readonly speakers: readonly BgpSpeaker[]
  readonly exclusions: readonly Exclusion[]
  readonly findings: readonly Finding[]
}

/**
 * The nodes that BIG-IP peers with: all, or the reflectors (for `status.reflectors`, which the agents read). Nodes without an
 * address of any of the families are left out.
 */
export function speakersOf(selection: SpeakerSelection): SelectedSpeakers {
  const { nodes, peers, matchLabels = {}, nodeASNumber, families } = selection
  const chosen = peers === 'per-node' ? nodes : nodes.filter(({ labels }) => hasLabels(labels, matchLabels))
  const speakers: BgpSpeaker[] = []
  const exclusions: Exclusion[] = []
  for (const { name, addresses, asNumber = nodeASNumber } of chosen) {
    const usable = addresses.filter(({ family }) => families.includes(familyName(family))).map(({ address }) => address)
    if (usable.length > 0) speakers.push({ kind: 'Node', name, addresses: usable, asNumber })
    else exclusions.push(withoutAddress(name, families))
  }
  return {
    speakers,
    exclusions,
    findings: peers === 'reflector' ? reflectorFindings(speakers.length, matchLabels) : [],
  }
}

function hasLabels(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value)
}

function withoutAddress(name: string, families: readonly BgpFamily[]): Exclusion {
  return {
    kind: 'Node',
    name,
    reason: 'NoBGPAddress',
    message: `it has no ${families.join(' or ')} address that BIG-IP could peer with; give the Node an InternalIP`,
  }
}

function reflectorFindings(count: number, matchLabels: Readonly<Record<string, string>>): Finding[] {
  if (count > 1) return []
  const labels = Object.entries(matchLabels).map(label => label.join('='))
  return [
    {
      code: count === 0 ? 'reflector-missing' : 'reflector-single',
      severity: count === 0 ? 'error' : 'warning',
      subject: 'spec.reflector.nodeSelector',
      cause:
        count === 0
          ? 'no node has the labels of a reflector, so that BIG-IP has nobody to peer with'
          : 'only one node is a reflector: while it is away BIG-IP learns nothing new',
      remedy: `kubectl label node NODE ${labels.join(' ')} on two or three nodes`,
    },
  ]
}
