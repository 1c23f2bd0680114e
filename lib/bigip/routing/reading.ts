/**
 * What is read of a device's BGP before it can be said what it shall hold: its processes, whoever's they are. Judges nothing.
 * Where the device keeps no BGP, or not in the way that is wanted, nothing is asked.
 */
import type { Access } from '../access.ts'
import type { DeviceFacts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import type { Row } from '../row.ts'
import { chooseRouting, type RoutingApi } from './choice.ts'
import { type ImishAccess, imishFinding } from './imish-access.ts'

export interface RoutingReading {
  /** Undefined: nobody could be asked. */
  readonly processes?: readonly Row<'BGP'>[]
  /** Undefined: not known. */
  readonly extendedAsNumbers?: boolean
  /** Why not, where an operator has to mend it. */
  readonly findings: readonly Finding[]
}

export interface RoutingSource {
  readonly facts: Pick<DeviceFacts, 'routing' | 'routeDomains' | 'licensedRouting'>
  /** `spec.bgp.api` */
  readonly wanted: RoutingApi | undefined
  /** Number. */
  readonly routeDomain: number
  /** `unit bigip-a` */
  readonly unit: string
  readonly rest: Pick<Access, 'read'>
  readonly imish: Pick<ImishAccess, 'read' | 'extendedAsNumbers'>
}

/** @throws DeviceFault for what time may mend */
export async function readRouting({ facts, wanted, rest, imish, ...where }: RoutingSource): Promise<RoutingReading> {
  const { api, enable } = chooseRouting(facts, wanted, where)
  if (api === undefined || enable !== undefined) return { findings: [] }
  try {
    const processes = (await (api === 'tmos' ? rest : imish).read('BGP')) as Row<'BGP'>[]
    if (api === 'tmos') return { processes, findings: [] }
    return { processes, extendedAsNumbers: await imish.extendedAsNumbers(), findings: [] }
  } catch (thrown) {
    const finding = imishFinding(thrown, where.unit)
    if (finding === undefined) throw thrown
    return { findings: [finding] }
  }
}
