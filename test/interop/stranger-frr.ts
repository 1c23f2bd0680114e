/** FRR as the stranger: configured once by file, changed later by vtysh as an operator would. */
import type { RouterSpec } from '../lab/router.ts'
import { FrrRouter } from '../lab/router-frr.ts'
import { FAMILIES, type FamilyName } from '../lab/topology.ts'
import { EXTERNAL, SIDES, STRANGER_AS, TIMERS } from './meeting.ts'
import { type Announcement, type Announcements, FIRST_WORDS, type LearnedPath, type Stranger } from './stranger.ts'

interface ShownPrefix {
  readonly paths?: readonly {
    readonly aspath?: { readonly string: string }
    readonly locPrf?: number
    readonly nexthops?: readonly { readonly ip: string; readonly scope?: string }[]
  }[]
}

export class FrrStranger extends FrrRouter implements Stranger {
  #announced = FIRST_WORDS

  constructor(place: Omit<RouterSpec, 'config'>) {
    super({ ...place, config: config(FIRST_WORDS) })
  }

  async announce(announcements: Announcements): Promise<void> {
    const commands = FAMILIES.flatMap(family => [
      `address-family ${family} unicast`,
      ...this.#announced[family].map(({ prefix }) => `no network ${prefix}`).filter(gone(announcements[family])),
      ...announcements[family].map(network),
      'exit-address-family',
    ])
    const used = FAMILIES.flatMap(family => announcements[family])
    await this.#configure([...used.flatMap(routeMap), `router bgp ${STRANGER_AS}`, ...commands])
    this.#announced = announcements
  }

  async requireKey(key: string | undefined): Promise<void> {
    const neighbor = `neighbor ${EXTERNAL.address.ipv4} password`
    await this.#configure([`router bgp ${STRANGER_AS}`, key === undefined ? `no ${neighbor}` : `${neighbor} ${key}`])
  }

  /** The least hold time that it takes from a peer. @param seconds undefined: whatever RFC 4271 allows */
  async requireHoldTime(seconds: number | undefined): Promise<void> {
    const word = seconds === undefined ? 'no bgp minimum-holdtime' : `bgp minimum-holdtime ${seconds}`
    await this.#configure([`router bgp ${STRANGER_AS}`, word])
    await this.ask('clear bgp *')
  }

  async path(family: FamilyName, prefix: string): Promise<LearnedPath | undefined> {
    const shown = JSON.parse(await this.ask(`show bgp ${family} unicast ${prefix} json`)) as ShownPrefix
    const [path] = shown.paths ?? []
    if (path === undefined) return undefined
    const nextHop = path.nexthops?.find(({ scope }) => scope !== 'link-local')?.ip ?? ''
    const { locPrf: localPref } = path
    return { asPath: path.aspath?.string.replace('Local', '') ?? '', nextHop, ...(localPref && { localPref }) }
  }

  async #configure(commands: readonly string[]): Promise<void> {
    await this.ask(['configure terminal', ...commands].join('\n'))
  }
}

/** Commands of prefixes that are not announced any more. */
function gone(announcements: readonly Announcement[]): (command: string) => boolean {
  return command => !announcements.some(({ prefix }) => command.endsWith(` ${prefix}`))
}

function network({ prefix, med }: Announcement): string {
  return `network ${prefix} route-map med-${med}`
}

function routeMap({ med }: Announcement): string[] {
  return [`route-map med-${med} permit 10`, `set metric ${med}`, 'exit']
}

function config(announcements: Announcements): string {
  const lines = [
    'hostname stranger',
    ...FAMILIES.flatMap(family => announcements[family]).flatMap(routeMap),
    `router bgp ${STRANGER_AS}`,
    ' bgp router-id 10.9.0.254',
    ' no bgp ebgp-requires-policy',
    ' no bgp network import-check',
    ' no bgp default ipv4-unicast',
    ' bgp graceful-restart',
    ` timers bgp ${TIMERS.keepaliveTime} ${TIMERS.holdTime}`,
    ...SIDES.flatMap(({ address, asNumber }) =>
      FAMILIES.flatMap(family => [
        ` neighbor ${address[family]} remote-as ${asNumber}`,
        ` neighbor ${address[family]} timers connect ${TIMERS.connectRetryTime}`,
      ]),
    ),
    ...FAMILIES.flatMap(family => [
      ` address-family ${family} unicast`,
      ...announcements[family].map(announcement => `  ${network(announcement)}`),
      ...SIDES.flatMap(({ address }) => [
        `  neighbor ${address[family]} activate`,
        `  neighbor ${address[family]} next-hop-self`,
      ]),
      ' exit-address-family',
    ]),
  ]
  return `${lines.join('\n')}\n`
}
