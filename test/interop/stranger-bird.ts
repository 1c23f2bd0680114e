/** BIRD 2 as the stranger: every change is a new configuration file and `birdc configure`. */
import { writeFileSync } from 'node:fs'
import type { RouterSpec } from '../lab/router.ts'
import { BirdRouter } from '../lab/router-bird.ts'
import { FAMILIES, type FamilyName } from '../lab/topology.ts'
import { EXTERNAL, SIDES, STRANGER_AS, TIMERS } from './meeting.ts'
import { type Announcements, FIRST_WORDS, type LearnedPath, type Stranger } from './stranger.ts'

export class BirdStranger extends BirdRouter implements Stranger {
  #announcements = FIRST_WORDS
  #key: string | undefined

  constructor(place: Omit<RouterSpec, 'config'>) {
    super({ ...place, config: config(FIRST_WORDS, undefined) })
  }

  async announce(announcements: Announcements): Promise<void> {
    this.#announcements = announcements
    await this.#configure()
  }

  async requireKey(key: string | undefined): Promise<void> {
    this.#key = key
    await this.#configure()
  }

  async path(_family: FamilyName, prefix: string): Promise<LearnedPath | undefined> {
    const shown = await this.ask(`show route all where net = ${prefix}`)
    const field = (name: string) => new RegExp(`BGP\\.${name}: ?(.*)`).exec(shown)?.[1]?.trim()
    const asPath = field('as_path')
    if (asPath === undefined) return undefined
    const nextHop = field('next_hop')?.split(' ')[0] ?? ''
    // BIRD gives every path a preference; only one from our own AS had it on the wire
    return { asPath, nextHop, ...(asPath === '' ? { localPref: Number(field('local_pref')) } : {}) }
  }

  async #configure(): Promise<void> {
    writeFileSync(this.configFile, config(this.#announcements, this.#key))
    await this.ask('configure')
  }
}

function config(announcements: Announcements, key: string | undefined): string {
  const lines = [
    'router id 10.9.0.254;',
    'protocol device { }',
    ...FAMILIES.flatMap(family => [
      `protocol kernel kernel_${family} { ${family} { import none; export where source = RTS_BGP; }; }`,
      `protocol static outside_${family} {`,
      `  ${family};`,
      ...announcements[family].map(({ prefix, med }) => `  route ${prefix} blackhole { bgp_med = ${med}; };`),
      '}',
    ]),
    ...SIDES.flatMap(({ name, address, stranger, asNumber }) =>
      FAMILIES.flatMap(family => [
        `protocol bgp ${name}_${family} {`,
        `  local ${stranger[family]} as ${STRANGER_AS};`,
        `  neighbor ${address[family]} as ${asNumber};`,
        `  hold time ${TIMERS.holdTime};`,
        `  keepalive time ${TIMERS.keepaliveTime};`,
        '  connect delay time 0;',
        `  connect retry time ${TIMERS.connectRetryTime};`,
        '  error wait time 1, 5;',
        '  graceful restart on;',
        ...(key !== undefined && address === EXTERNAL.address && family === 'ipv4' ? [`  password "${key}";`] : []),
        `  ${family} { import all; export where source ~ [RTS_BGP, RTS_STATIC]; next hop self; };`,
        '}',
      ]),
    ),
  ]
  return `${lines.join('\n')}\n`
}
