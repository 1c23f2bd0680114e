/** Which codec serves which kind. Pure. */
import { forwardingCodecs } from './forwarding-codec.ts'
import { restCodecs } from './routing/rest.ts'
import type { Kind } from './row.ts'
import type { RowCodec } from './row-codec.ts'
import { tunnelCodecs } from './tunnel-codec.ts'

export type Codecs = { readonly [K in Kind]: RowCodec<K> }

/** @param routeDomain the default one of our partition */
export function codecsOf(routeDomain: number): Codecs {
  return { ...tunnelCodecs(routeDomain), ...forwardingCodecs(routeDomain), ...restCodecs }
}
