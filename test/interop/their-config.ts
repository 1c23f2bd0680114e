/** BIRD and FRR at the other end of a pair: one neighbour, both families, and further lines about us in their own language. */
import { BirdRouter } from '../lab/router-bird.ts'
import { FrrRouter } from '../lab/router-frr.ts'
import { OURS, type OurSettings, Pair, THEIR_AS, THEIR_PREFIXES, THEIRS } from './pair.ts'

export interface TheirSettings {
  readonly ourAs?: number
  /** Our address, to which they talk. */
  readonly neighbor?: string
  /** Further lines about us, in their language. */
  readonly lines?: readonly string[]
  /** Further lines about BGP as a whole; FRR only. */
  readonly global?: readonly string[]
}

function birdConfig({ ourAs = 65010, neighbor = OURS.ipv4, lines = [] }: TheirSettings): string {
  const families = lines.includes('capabilities off;') ? ['ipv4'] : ['ipv4', 'ipv6']
  return [
    `router id ${THEIRS.ipv4};`,
    'protocol device { }',
    `protocol static { ipv4; route ${THEIR_PREFIXES.ipv4} blackhole; }`,
    `protocol static { ipv6; route ${THEIR_PREFIXES.ipv6} blackhole; }`,
    'protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }',
    'protocol kernel { ipv6 { import none; export where source = RTS_BGP; }; }',
    `protocol bgp podpeer { local as ${THEIR_AS}; neighbor ${neighbor} as ${ourAs}; connect delay time 0;`,
    ...lines,
    ...families.map(family => `${family} { import all; export where source = RTS_STATIC; next hop self; };`),
    '}',
    '',
  ].join('\n')
}

function frrConfig({ ourAs = 65010, neighbor = OURS.ipv4, lines = [], global = [] }: TheirSettings): string {
  return [
    'hostname other',
    `router bgp ${THEIR_AS}`,
    ` bgp router-id ${THEIRS.ipv4}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp network import-check',
    ...global.map(line => ` ${line}`),
    ` neighbor ${neighbor} remote-as ${ourAs}`,
    ` neighbor ${neighbor} timers connect 1`,
    ...lines.map(line => ` neighbor ${neighbor} ${line}`),
    ' address-family ipv4 unicast',
    `  network ${THEIR_PREFIXES.ipv4}`,
    `  neighbor ${neighbor} activate`,
    ' exit-address-family',
    ' address-family ipv6 unicast',
    `  network ${THEIR_PREFIXES.ipv6}`,
    `  neighbor ${neighbor} activate`,
    ' exit-address-family',
    '',
  ].join('\n')
}

export const withBird = (theirs: TheirSettings, ours: OurSettings) => Pair.begin(BirdRouter, birdConfig(theirs), ours)
export const withFrr = (theirs: TheirSettings, ours: OurSettings) => Pair.begin(FrrRouter, frrConfig(theirs), ours)
