/** The way of packets between a pod of this node and BIG-IPs, on the node: asks the kernel what the judgement needs. */
import { InputFault } from '../../lib/base/failure.ts'
import { type Address, parseAddress } from '../../lib/base/ip.ts'
import type { Journey } from '../../lib/base/journey.ts'
import { type Prefix, parsePrefix } from '../../lib/base/prefix.ts'
import type { Link } from '../../lib/linux/netlink/link.ts'
import type { KernelWays, Way } from '../../lib/linux/overlay/way.ts'
import { answerSysctls } from '../../vxlan/answers.ts'
import { type AnswerReading, judgeDirect, judgeTunnel, placeOf } from '../../vxlan/journey.ts'
import type { Vtep } from '../../vxlan/vtep.ts'
import { vtepRows } from '../../vxlan/wanted.ts'
import type { BigIpView } from '../config/index.ts'
import type { NodeJourneys } from '../control/journey-document.ts'
import type { CarriedOverlay } from './overlay-keeper.ts'

/** The kernel at one moment, as far as it is asked. */
export type Ways = Pick<KernelWays, 'way' | 'fdb' | 'forwarding' | 'proxy' | 'sysctl' | 'close'>

export interface JourneySubject {
  readonly node: string
  readonly pod: Address
  /** Of this node, as the Node says. */
  readonly podCIDRs: readonly string[]
  readonly overlays: readonly CarriedOverlay[]
  readonly bigips: readonly BigIpView[]
  /** Whether this node is to answer ARP and NDP for its pods. */
  readonly answers: boolean
}

/** @throws WorldFault where the kernel cannot be asked */
export function nodeJourneys(
  { node, pod, podCIDRs, overlays, bigips, answers }: JourneySubject,
  ways: Ways,
): NodeJourneys {
  const toPod = ways.way(pod)
  const ours = podCIDRs.flatMap(prefixOf).some(prefix => prefix.contains(pod))
  const found = placeOf(toPod, ours)
  if (found.place !== 'here')
    return { node, pod: pod.toString(), place: found.place, reason: found.reason, journeys: [] }
  const asking = new Set(
    bigips.flatMap(({ name, tunnels }) => (tunnels.flooding ? tunnels.units.map(unit => `${name}/${unit.name}`) : [])),
  )
  const scene = { pod, toPod, podLink: found.link, ways, asking, answers }
  const journeys = [
    ...overlays
      .filter(({ overlay }) => overlay.family === pod.family)
      .flatMap(overlay => overlay.vteps.flatMap(vtep => throughTunnel(vtep, overlay, scene))),
    ...bigips.flatMap(bigip => directly(bigip, scene)),
  ]
  return { node, pod: pod.toString(), place: found.place, journeys }
}

interface Scene {
  readonly pod: Address
  readonly toPod: Way
  readonly podLink: Link
  readonly ways: Ways
  /** Names of VTEPs that ask by ARP and NDP where pods are. */
  readonly asking: ReadonlySet<string>
  readonly answers: boolean
}

function throughTunnel(vtep: Vtep, carried: CarriedOverlay, scene: Scene): readonly Journey[] {
  const { device, faults, vteps, overlay } = carried
  const { pod, toPod, podLink, ways } = scene
  const link = device?.link
  return judgeTunnel({
    ...{ pod, podLink, toPod, vtep },
    device: { device, faults },
    wanted: link === undefined ? [] : vtepRows(vteps, link.name, overlay.own),
    out: ways.way(vtep.selfIP, { source: pod, link: podLink }),
    fdb: link && ways.fdb(link.name, vtep.mac),
    outer: ways.way(vtep.endpoint),
    back: link && ways.way(pod, { source: vtep.selfIP, link }),
    forwarding: {
      out: ways.forwarding(podLink, pod.family),
      back: link && ways.forwarding(link, pod.family),
    },
    ...(link !== undefined && scene.asking.has(vtep.name) && { answer: answerOf(link, scene) }),
  })
}

function answerOf(link: Link, { pod, ways, answers }: Scene): AnswerReading {
  const sysctls = answerSysctls(link.name, pod.family)
  return {
    wished: answers,
    proxy: ways.proxy(link, pod),
    sysctls: sysctls.map(({ name, value }) => ({ name, wanted: value, found: ways.sysctl(name) })),
  }
}

/** To those that speak BGP: their addresses are of the underlay. */
function directly({ name, units }: BigIpView, { pod, toPod, podLink, ways }: Scene): Journey[] {
  return units.flatMap(unit => {
    const text = unit.addresses.find(address => parseAddress(address).family === pod.family)
    if (text === undefined) return []
    const out = ways.way(parseAddress(text), { source: pod, link: podLink })
    const forwarding = ways.forwarding(podLink, pod.family)
    return [judgeDirect({ pod, podLink, toPod, name: `${name}/${unit.name}`, out, forwarding })]
  })
}

/** One that cannot be read is told elsewhere. */
function prefixOf(text: string): Prefix[] {
  try {
    return [parsePrefix(text)]
  } catch (thrown) {
    if (!(thrown instanceof InputFault)) throw thrown
    return []
  }
}
