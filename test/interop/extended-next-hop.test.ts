/** RFC 8950: IPv4 routes over a session that has nothing but IPv6, both ways, down to the kernels. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import { learnedRoutes } from '../lab/network.ts'
import type { RouterDaemon, RouterSpec } from '../lab/router.ts'
import { BirdRouter } from '../lab/router-bird.ts'
import { FrrRouter } from '../lab/router-frr.ts'
import { OUR_PREFIXES, OURS, Pair, THEIR_AS, THEIR_PREFIXES, THEIRS } from './pair.ts'

const BIRD = `router id ${THEIRS.ipv4};
protocol device { }
protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }
protocol kernel { ipv6 { import none; export where source = RTS_BGP; }; }
protocol static { ipv4; route ${THEIR_PREFIXES.ipv4} blackhole; }
protocol static { ipv6; route ${THEIR_PREFIXES.ipv6} blackhole; }
protocol bgp podpeer {
  local ${THEIRS.ipv6} as ${THEIR_AS};
  neighbor ${OURS.ipv6} as 65010;
  connect delay time 0; connect retry time 1; error wait time 1, 1;
  ipv4 { extended next hop on; import all; export where source = RTS_STATIC; next hop self; };
  ipv6 { import all; export where source = RTS_STATIC; next hop self; };
}
`

const FRR = `hostname other
router bgp ${THEIR_AS}
 bgp router-id ${THEIRS.ipv4}
 no bgp ebgp-requires-policy
 no bgp network import-check
 no bgp default ipv4-unicast
 neighbor ${OURS.ipv6} remote-as 65010
 neighbor ${OURS.ipv6} timers connect 1
 neighbor ${OURS.ipv6} capability extended-nexthop
 address-family ipv4 unicast
  network ${THEIR_PREFIXES.ipv4}
  neighbor ${OURS.ipv6} activate
 exit-address-family
 address-family ipv6 unicast
  network ${THEIR_PREFIXES.ipv6}
  neighbor ${OURS.ipv6} activate
 exit-address-family
`

const MAKES: readonly [string, new (spec: RouterSpec) => RouterDaemon, string][] = [
  ['BIRD', BirdRouter, BIRD],
  ['FRR', FrrRouter, FRR],
]

describe('IPv4 routes with IPv6 next hops', { skip: cannotInteroperate() }, () => {
  for (const [name, Router, config] of MAKES)
    test(`come from ${name} and go there, and lead over IPv6 in both kernels`, async () => {
      await using pair = await Pair.begin(Router, config, {
        peer: { address: THEIRS.ipv6, families: ['ipv4', 'ipv6'], extendedNextHop: true },
      })
      await pair.learned('us', Object.values(THEIR_PREFIXES))
      await pair.learned('other', Object.values(OUR_PREFIXES))
      for (const [place, prefix] of [
        ['us', THEIR_PREFIXES.ipv4],
        ['other', OUR_PREFIXES.ipv4],
      ] as const) {
        const [route] = learnedRoutes(place).filter(row => row.prefix === prefix)
        assert.match(route?.via ?? '', /^f[0-9a-f:]+$/, `the gateway of ${prefix} in the kernel of ${place}`)
      }
    })
})
