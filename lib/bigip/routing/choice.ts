/**
 * Which of its two BGPs a device has, and whether that is the one that is wanted: tmos (`/mgmt/tm/net/routing`) or legacy
 * (ZebOS, through imish). Pure. Rules: they exclude each other, and going from one to the other throws the former's
 * configuration away, so that nothing is switched: where there is neither, the object names which to enable.
 */

import type { DeviceFacts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { objectPath } from '../path.ts'

export type RoutingApi = 'tmos' | 'imish'

export interface RoutingChoice {
  /** How BGP is read and written; undefined: not at all. */
  readonly api: RoutingApi | undefined
  /** There is neither yet: this one request, made first, makes the wanted one be there. */
  readonly enable?: {
    readonly path: string
    /** Of a PATCH. */
    readonly body: Readonly<Record<string, string | readonly string[]>>
  }
  readonly findings: readonly Finding[]
}

/**
 * @param wanted `spec.bgp.api`
 * @param where number of the route domain, and `unit bigip-a` for the findings
 */
export function chooseRouting(
  facts: Pick<DeviceFacts, 'routing' | 'routeDomains' | 'licensedRouting'>,
  wanted: RoutingApi | undefined,
  where: { readonly routeDomain: number; readonly unit: string },
): RoutingChoice {
  const { unit: subject } = where
  const refuse = (code: string, cause: string, remedy: string): RoutingChoice => ({
    api: undefined,
    findings: [{ code, severity: 'error', subject, cause, remedy }],
  })
  if (!facts.licensedRouting)
    return refuse(
      'bgp-not-licensed',
      'the licence has no Routing Bundle, so that the device runs no BGP',
      'add the Routing Bundle to the licence (or use mode static)',
    )
  const domain = facts.routeDomains.find(({ id }) => id === where.routeDomain)
  if (domain === undefined)
    return refuse(
      'route-domain-missing',
      `the device has no route domain ${where.routeDomain}`,
      'correct spec.routeDomain; tmsh list net route-domain shows what there is',
    )
  const legacy = domain.protocols.includes('BGP')
  if (facts.routing === 'mixed' || (facts.routing === 'tmos' && legacy))
    return refuse(
      'bgp-mode-conflict',
      `tmrouted.tmos.routing is on, and route domain ${domain.id} runs legacy protocols (${domain.protocols.join(', ')}): they exclude each other`,
      `keep one: tmsh modify sys db tmrouted.tmos.routing value disable, or tmsh modify net route-domain ${domain.path} routing-protocol none`,
    )
  const has = facts.routing === 'tmos' ? 'tmos' : legacy ? 'imish' : undefined
  if (has !== undefined && (wanted ?? has) === has) return { api: has, findings: [] }
  if (has !== undefined)
    return refuse(
      'bgp-api-mismatch',
      `spec.bgp.api is ${wanted}, and the device keeps BGP the other way (${has}); to switch throws away what it keeps`,
      `write spec.bgp.api: ${has}, or switch the device by hand when nothing else needs its routing configuration`,
    )
  if (wanted === undefined)
    return refuse(
      'bgp-not-enabled',
      'dynamic routing is enabled neither in tmos nor in legacy mode, and nothing says which it shall be',
      'write spec.bgp.api: tmos (or imish, where ZebOS is wanted): podpeer then enables it',
    )
  if (wanted === 'tmos' && facts.routing === 'legacy')
    return refuse(
      'bgp-mode-conflict',
      'spec.bgp.api is tmos, and another route domain runs legacy protocols: the device cannot have both',
      'write spec.bgp.api: imish',
    )
  return { api: wanted, enable: enabling(wanted, domain), findings: [] }
}

function enabling(
  api: RoutingApi,
  { path, protocols }: DeviceFacts['routeDomains'][number],
): NonNullable<RoutingChoice['enable']> {
  if (api === 'tmos') return { path: '/mgmt/tm/sys/db/tmrouted.tmos.routing', body: { value: 'enable' } }
  return {
    path: objectPath('/mgmt/tm/net/route-domain', path),
    body: { routingProtocol: [...protocols, 'BGP'] },
  }
}
