/**
 * Which virtual addresses tell their route, as rows of one field each, and what that lets agents take from BIG-IP. Pure. A
 * virtual address is never created nor deleted; one that is chosen no longer gets back what it had (former-advertisement.ts).
 */
import { InputFault } from '../../base/failure.ts'
import { parseAddress } from '../../base/ip.ts'
import { hostPrefix, type Prefix, parsePrefix } from '../../base/prefix.ts'
import type { Finding } from '../finding.ts'
import type { Row, RowFields } from '../row.ts'

export type AdvertisementMode = RowFields['route advertisement']['mode']

export interface AdvertisementWish {
  /** `spec.advertise.virtualAddresses`: full paths, or prefixes that they lie in. */
  readonly chosen: readonly string[]
  readonly mode: AdvertisementMode
  /** The device's (facts), of the route domain whose BGP tells them. */
  readonly virtualAddresses: readonly { readonly path: string; readonly address: string; readonly length: number }[]
}

export interface Advertisement {
  /** One for each virtual address that is chosen. */
  readonly rows: readonly Row<'route advertisement'>[]
  /** Their prefixes, for `bgpRows` and for the status, which agents read. */
  readonly advertised: readonly string[]
  readonly findings: readonly Finding[]
}

/** @param subject of the findings: `unit bigip-a` */
export function advertisementRows(
  { chosen, mode, virtualAddresses }: AdvertisementWish,
  subject: string,
): Advertisement {
  const known = virtualAddresses.flatMap(({ path, address, length }) => {
    const prefix = prefixOf(`${address}/${length}`)
    return prefix === undefined ? [] : [{ path, prefix }]
  })
  const fitting = chosen.map(choice => ({ choice, fits: known.filter(one => isChosen(choice, one)) }))
  const taken = known.filter(one => fitting.some(({ fits }) => fits.includes(one)))
  return {
    rows: taken.map(({ path }) => ({ kind: 'route advertisement', name: path, fields: { mode } })),
    advertised: taken.map(({ prefix }) => prefix.toString()),
    findings: fitting.filter(({ fits }) => fits.length === 0).map(({ choice }) => unmet(choice, subject)),
  }
}

function isChosen(choice: string, { path, prefix }: { readonly path: string; readonly prefix: Prefix }): boolean {
  return choice.startsWith('/') ? choice === path : rangeOf(choice)?.contains(prefix) === true
}

/**
 * What agents import of a choice: the prefix itself with all in it, or the address that a path ends with
 * (`/Common/192.0.2.80`); undefined for a path with a name that says no address: the status does.
 */
export function rangeOf(choice: string): Prefix | undefined {
  if (!choice.startsWith('/')) return prefixOf(choice)
  const name = choice.slice(choice.lastIndexOf('/') + 1)
  try {
    return hostPrefix(parseAddress(name.replace(/%\d+$/, '')))
  } catch (thrown) {
    if (!(thrown instanceof InputFault)) throw thrown
    return undefined
  }
}

function prefixOf(text: string): Prefix | undefined {
  try {
    return parsePrefix(text)
  } catch (thrown) {
    if (!(thrown instanceof InputFault)) throw thrown
    return undefined
  }
}

function unmet(choice: string, subject: string): Finding {
  return {
    code: 'virtual-address-missing',
    severity: 'warning',
    subject,
    cause: `spec.advertise names ${choice}, and the device has no such virtual address in the route domain of its BGP`,
    remedy: `tmsh list ltm virtual-address shows what there is; correct spec.advertise.virtualAddresses`,
  }
}
