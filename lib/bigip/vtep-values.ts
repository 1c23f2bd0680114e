/**
 * Cilium's side of the VXLAN overlay: what Helm or `cilium-config` must say of the devices, and what is wrong with what it says
 * now. Pure. Cilium's lists are parallel, by position, with one mask for all and room for eight; entries of other devices stay.
 */
import { parseAddress } from '../base/ip.ts'
import { parsePrefix } from '../base/prefix.ts'
import type { CiliumVtep } from '../cni/network.ts'
import type { Finding } from './finding.ts'

/** One unit as it is published in the status of the BIGIP object; what is not known yet is absent. */
export interface VtepUnit {
  readonly unit: string
  readonly address?: string
  readonly mac?: string
  readonly tunnelSubnets: readonly string[]
}

export interface VtepValues {
  /** For `helm upgrade -f`. */
  readonly helm: string
  /** Keys of ConfigMap kube-system/cilium-config. */
  readonly configMap: Readonly<Record<string, string>>
  readonly findings: readonly Finding[]
}

/** The room in Cilium's map of VTEPs. */
const MOST = 8
/** Cilium reads its configuration when it starts. */
const RESTART = 'kubectl -n kube-system rollout restart daemonset/cilium'
const TELL = `take over what podpeer bigip vtep-values prints, then ${RESTART}`

/** @param known what `cilium-config` has now */
export function vtepValues(units: readonly VtepUnit[], known: readonly CiliumVtep[] = []): VtepValues {
  const entries = units.flatMap(entryOf)
  const own = new Set(entries.map(({ endpoint }) => endpoint))
  const all = [...known.filter(({ endpoint }) => !own.has(endpoint)), ...entries]
  const lengths = new Set(all.map(({ cidr }) => parsePrefix(cidr).length))
  const findings = [
    ...units.filter(unit => entryOf(unit).length === 0).map(unknownUnit),
    ...(all.length > MOST ? [tooMany(all.length)] : []),
    ...(lengths.size > 1 ? [severalMasks(all)] : []),
  ]
  const list = (key: keyof CiliumVtep): string => all.map(entry => entry[key]).join(' ')
  const configMap = {
    'enable-vtep': 'true',
    'vtep-endpoint': list('endpoint'),
    'vtep-cidr': list('cidr'),
    'vtep-mask': maskOf([...lengths][0] ?? 24),
    'vtep-mac': list('mac'),
  }
  const helm = [
    'vtep:',
    '  enabled: true',
    ...['endpoint', 'cidr', 'mask', 'mac'].map(
      key => `  ${key}: "${configMap[`vtep-${key}` as keyof typeof configMap]}"`,
    ),
    '',
  ].join('\n')
  return { helm, configMap, findings }
}

/** What of a unit Cilium has not been told, or not rightly. @param known undefined: its VTEP integration is off */
export function judgeVteps(known: readonly CiliumVtep[] | undefined, units: readonly VtepUnit[]): Finding[] {
  return units.flatMap(unit => {
    const [entry] = entryOf(unit)
    if (entry === undefined) return []
    const about = { severity: 'error', subject: `unit ${unit.unit}` } as const
    if (known === undefined)
      return [
        {
          ...about,
          code: 'cilium-vtep-off',
          cause:
            'Cilium has its VTEP integration off (enable-vtep of cilium-config): it drops what comes from the device',
          remedy: TELL,
        },
      ]
    const told = known.find(({ endpoint }) => endpoint === entry.endpoint)
    if (told === undefined)
      return [
        {
          ...about,
          code: 'cilium-vtep-missing',
          cause: `Cilium has no VTEP ${entry.endpoint}: it drops what comes from the device`,
          remedy: TELL,
        },
      ]
    return [
      ...(told.mac === entry.mac
        ? []
        : [
            {
              ...about,
              code: 'cilium-vtep-mac',
              cause: `Cilium has the MAC address ${told.mac} for VTEP ${entry.endpoint}, and the tunnel, which has been made again since, has ${entry.mac}: the device takes no answers`,
              remedy: TELL,
            },
          ]),
      ...(told.cidr === entry.cidr
        ? []
        : [
            {
              ...about,
              code: 'cilium-vtep-cidr',
              cause: `Cilium has ${told.cidr} behind VTEP ${entry.endpoint}, and the tunnel's subnet is ${entry.cidr}`,
              remedy: TELL,
            },
          ]),
    ]
  })
}

function entryOf({ address, mac, tunnelSubnets }: VtepUnit): CiliumVtep[] {
  const cidr = tunnelSubnets.find(subnet => !subnet.includes(':'))
  return address === undefined || mac === undefined || cidr === undefined ? [] : [{ endpoint: address, cidr, mac }]
}

/** `255.255.255.0` for 24. */
function maskOf(length: number): string {
  const bits = '1'.repeat(length).padEnd(32, '0')
  const octets = [0, 8, 16, 24].map(at => Number.parseInt(bits.slice(at, at + 8), 2))
  return parseAddress(octets.join('.')).toString()
}

function unknownUnit({ unit, address, mac }: VtepUnit): Finding {
  const lack = address === undefined ? 'VTEP address' : mac === undefined ? 'MAC address' : 'tunnel subnet'
  return {
    code: 'vtep-not-known',
    severity: 'warning',
    subject: `unit ${unit}`,
    cause: `its ${lack} is not known yet, so that it has no entry here`,
    remedy: 'let podpeer bigip apply, or the controller, make the tunnel first',
  }
}

function tooMany(count: number): Finding {
  return {
    code: 'cilium-vtep-limit',
    severity: 'error',
    subject: 'cilium-config',
    cause: `there would be ${count} VTEPs, and Cilium has room for ${MOST}`,
    remedy: 'take out entries of devices that are gone, or use mode cilium-bgp or static for some of them',
  }
}

function severalMasks(entries: readonly CiliumVtep[]): Finding {
  return {
    code: 'cilium-vtep-mask',
    severity: 'error',
    subject: 'cilium-config',
    cause: `the tunnel subnets ${entries.map(({ cidr }) => cidr).join(', ')} differ in length, and Cilium has one mask for all`,
    remedy: 'give the self IPs under units[].tunnel.selfIPs one length',
  }
}
