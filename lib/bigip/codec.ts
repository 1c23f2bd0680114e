/** Which codec serves which kind. Pure. */
import { forwardingCodecs } from './forwarding-codec.ts'
import type { RouteDomains } from './route-domains.ts'
import { restCodecs } from './routing/rest.ts'
import type { Kind } from './row.ts'
import type { RowCodec } from './row-codec.ts'
import { tunnelCodecs } from './tunnel-codec.ts'

export type Codecs = { readonly [K in Kind]: RowCodec<K> }

export function codecsOf(domains: RouteDomains): Codecs {
  return { ...tunnelCodecs(domains), ...forwardingCodecs(domains), ...restCodecs }
}
