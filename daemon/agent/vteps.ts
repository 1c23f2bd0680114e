/**
 * The VTEPs that this node is to reach, by the device that carries them: those of BIGIP objects, and those of the
 * configuration, which win where they have the name of one. Pure.
 */
import { type Address, type Family, parseAddress } from '../../lib/base/ip.ts'
import { parseMac } from '../../lib/base/mac.ts'
import { type Prefix, parsePrefix } from '../../lib/base/prefix.ts'
import { OWN_DEVICES } from '../../vxlan/own.ts'
import type { Overlay, Vtep, WantedOverlay } from '../../vxlan/vtep.ts'
import type { BigIpView, EffectiveConfig } from '../config/index.ts'

export interface WantedVteps {
  readonly overlays: readonly WantedOverlay[]
  /** Sentences. */
  readonly problems: readonly string[]
}

interface Told extends Vtep {
  readonly vni: number
  readonly port: number
  readonly own: boolean
}

/** @param podPrefixes of this node: what overlaps them is no subnet of a BIG-IP */
export function wantedVteps(
  bigips: readonly BigIpView[],
  overlay: EffectiveConfig['overlay'],
  podPrefixes: readonly Prefix[],
): WantedVteps {
  if (!overlay.enabled) return { overlays: [], problems: [] }
  const own = configured(overlay)
  const isOwn = ({ name, family }: Vtep) => own.some(vtep => vtep.name === name && vtep.family === family)
  const all = [...own, ...bigips.flatMap(told).filter(vtep => !isOwn(vtep))]
  const problems = all.flatMap(vtep =>
    overlapping(vtep, podPrefixes).map(
      subnet =>
        `VTEP ${vtep.name}: its subnet ${subnet} overlaps the pods of this node, so that only its self IPs are routed to it: give BIG-IP another one`,
    ),
  )
  const safe = all.map(vtep => {
    const wrong = overlapping(vtep, podPrefixes)
    return wrong.length === 0 ? vtep : { ...vtep, subnets: vtep.subnets.filter(subnet => !wrong.includes(subnet)) }
  })
  return { overlays: byDevice(safe, overlay), problems }
}

function overlapping({ subnets }: Vtep, podPrefixes: readonly Prefix[]): Prefix[] {
  return subnets.filter(subnet => podPrefixes.some(pods => subnet.contains(pods) || pods.contains(subnet)))
}

function told({ name: bigip, tunnels }: BigIpView): Told[] {
  return tunnels.units.flatMap(({ name, standby, vni, port, ends }) =>
    ends.map(({ family, endpoint, mac, selfIPs, subnets }) => {
      const [selfIP, ...floating] = selfIPs.map(text => parseAddress(text)) as [Address, ...Address[]]
      return {
        ...{ name: `${bigip}/${name}`, family, mac, selfIP, floating, standby, vni, port, own: tunnels.own === true },
        endpoint: parseAddress(endpoint),
        subnets: subnets.map(text => parsePrefix(text)),
      }
    }),
  )
}

function configured({ vteps, vni, port }: EffectiveConfig['overlay']): Told[] {
  return vteps.map(({ name, endpoint, mac, subnets, ...rest }) => {
    const selfIP = parseAddress(rest.selfIP)
    return {
      ...{ name, family: selfIP.family, selfIP, floating: [], standby: false, vni, port, own: false },
      endpoint: parseAddress(endpoint),
      mac: parseMac(mac),
      subnets: subnets.map(text => parsePrefix(text)),
    }
  })
}

function byDevice(vteps: readonly Told[], config: EffectiveConfig['overlay']): WantedOverlay[] {
  const found = new Map<string, { readonly overlay: Overlay; readonly vteps: Vtep[] }>()
  for (const { vni, port, own, ...vtep } of vteps) {
    const overlay = own
      ? ({ family: vtep.family, device: OWN_DEVICES[vtep.family], vni, port, own } as const)
      : overlayOf(vtep.family, vni, port, config)
    const key = JSON.stringify(overlay)
    const known = found.get(key) ?? { overlay, vteps: [] }
    found.set(key, known)
    known.vteps.push(vtep)
  }
  return [...found.values()]
}

function overlayOf(
  family: Family,
  vni: number,
  port: number,
  { device, device6 }: EffectiveConfig['overlay'],
): Overlay {
  const name = family === 4 ? device : device6
  return { family, vni, port, ...(name !== undefined && { device: name }) }
}
