/**
 * How each BGP daemon of the distribution is configured and run for a capture: one AS, six neighbours, a few routes. One of
 * them is offered all extensions that the daemon has.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The daemon's side of every session. */
export const daemonAs = 70000
export const daemonAddress = { 4: '192.0.2.2', 6: '2001:db8::2' } as const

/** A session of the collector; the daemon tells them apart by address. */
export interface Session {
  readonly name: 'external' | 'internal' | 'client' | 'narrow' | 'wrong' | 'extended'
  readonly address: string
  readonly asNumber: number
  readonly fourOctetAs: boolean
}

export const sessions: readonly Session[] = [
  { name: 'external', address: '192.0.2.1', asNumber: 65001, fourOctetAs: true },
  { name: 'internal', address: '192.0.2.11', asNumber: daemonAs, fourOctetAs: true },
  { name: 'client', address: '192.0.2.12', asNumber: daemonAs, fourOctetAs: true },
  { name: 'narrow', address: '192.0.2.21', asNumber: 65021, fourOctetAs: false },
  { name: 'wrong', address: '192.0.2.31', asNumber: 65031, fourOctetAs: true },
  { name: 'extended', address: '192.0.2.41', asNumber: 65041, fourOctetAs: true },
]

const extendedAddress = sessions.find(({ name }) => name === 'extended')!.address

export interface Command {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface Daemon {
  readonly name: string
  /** Prints the version. */
  readonly version: Command
  /** Writes the configuration to a folder of its own and names the processes to run in the foreground, in this order. */
  start(folder: string): readonly Command[]
  /** Run once the sessions are up: routes, where the configuration cannot hold them. */
  routes?(folder: string): readonly Command[]
  /** Makes it ask for routes again. */
  refresh?(folder: string): readonly Command[]
}

const configured = (folder: string, name: string, text: string) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const bird: Daemon = {
  name: 'bird',
  version: { command: 'bird', args: ['--version'] },
  start: folder => [
    {
      command: 'bird',
      args: ['-f', '-c', configured(folder, 'bird.conf', birdConfig()), '-s', join(folder, 'bird.ctl')],
    },
  ],
  refresh: folder => [{ command: 'birdc', args: ['-s', join(folder, 'bird.ctl'), 'reload', 'in', 'all'] }],
}

function birdConfig(): string {
  const channel = `{ import all; next hop self ebgp; export filter {
    if proto ~ "static*" then { bgp_community.add((65000,1)); bgp_large_community.add((70000,1,2)); bgp_med = 50; }
    accept; }; }`
  const extended = channel.replace('{', '{ add paths on;')
  const protocols = sessions.map(
    ({ name, address, asNumber }) => `protocol bgp peer_${name} {
  local ${daemonAddress[4]} as ${daemonAs}; neighbor ${address} as ${asNumber};
  connect delay time 1; graceful restart on; ${asNumber === daemonAs ? 'rr client;' : ''}
  ${
    name === 'extended'
      ? `local role provider; enable extended messages on; advertise hostname on; long lived graceful restart on;
  ipv4 ${extended.replace('{', '{ extended next hop on;')}; ipv6 ${extended}`
      : `ipv4 ${channel}; ipv6 ${channel}`
  };
}`,
  )
  return `router id ${daemonAddress[4]};
protocol device { }
protocol static static4 { ipv4; route 198.51.100.0/24 blackhole; route 198.51.101.0/25 blackhole; }
protocol static static6 { ipv6; route 2001:db8:ff::/48 blackhole; }
${protocols.join('\n')}
`
}

const frr: Daemon = {
  name: 'frr',
  version: { command: '/usr/lib/frr/bgpd', args: ['--version'] },
  start: folder => {
    const config = configured(folder, 'frr.conf', frrConfig())
    const common = ['-z', join(folder, 'zserv.api'), '--vty_socket', folder, '-P', '0', '-u', 'frr', '-g', 'frr']
    return [
      { command: '/usr/lib/frr/zebra', args: ['-f', '/dev/null', '-i', join(folder, 'zebra.pid'), ...common] },
      { command: '/usr/lib/frr/bgpd', args: ['-f', config, '-i', join(folder, 'bgpd.pid'), ...common] },
    ]
  },
  refresh: folder => [{ command: 'vtysh', args: ['--vty_socket', folder, '-c', 'clear bgp ipv4 unicast * soft in'] }],
}

function frrConfig(): string {
  const each = (line: (session: Session) => string) => sessions.map(line).join('\n')
  const family = (routes: string) => `${routes}
${each(({ address, asNumber }) => `  neighbor ${address} activate${asNumber === daemonAs ? `\n  neighbor ${address} route-reflector-client` : ''}`)}
  neighbor ${extendedAddress} addpath-tx-all-paths
 exit-address-family`
  return `hostname frr
router bgp ${daemonAs}
 bgp router-id ${daemonAddress[4]}
 no bgp ebgp-requires-policy
 no bgp network import-check
 bgp graceful-restart
${each(({ address, asNumber }) => ` neighbor ${address} remote-as ${asNumber}\n neighbor ${address} timers connect 1`)}
 neighbor ${extendedAddress} capability extended-nexthop
 neighbor ${extendedAddress} local-role provider
 address-family ipv4 unicast
${family('  network 198.51.100.0/24 route-map own\n  network 198.51.101.0/25 route-map own')}
 address-family ipv6 unicast
${family('  network 2001:db8:ff::/48 route-map own')}
exit
route-map own permit 10
 set community 65000:1
 set large-community 70000:1:2
 set extcommunity rt 65000:100
 set metric 50
exit
`
}

const gobgp: Daemon = {
  name: 'gobgp',
  version: { command: 'gobgpd', args: ['--version'] },
  start: folder => [
    {
      command: 'gobgpd',
      args: [
        '-f',
        configured(folder, 'gobgpd.toml', gobgpConfig()),
        '--api-hosts',
        `unix://${join(folder, 'gobgp.sock')}`,
        '--pprof-disable',
      ],
    },
  ],
  routes: folder => [
    gobgpCommand(folder, 'global rib add 198.51.100.0/24 community 65000:1 med 50 large-community 70000:1:2'),
    gobgpCommand(folder, 'global rib add 198.51.101.0/25 community 65000:1 rt 65000:100'),
    gobgpCommand(folder, 'global rib add -a ipv6 2001:db8:ff::/48 nexthop 2001:db8::2 community 65000:1'),
  ],
  refresh: folder => [gobgpCommand(folder, `neighbor ${sessions[0]!.address} softresetin`)],
}

function gobgpCommand(folder: string, text: string): Command {
  return { command: 'gobgp', args: ['--target', `unix://${join(folder, 'gobgp.sock')}`, ...text.split(' ')] }
}

function gobgpConfig(): string {
  const addPath = '\n    [neighbors.afi-safis.add-paths.config]\n      receive = true\n      send-max = 4'
  const families = (isExtended: boolean) =>
    ['ipv4-unicast', 'ipv6-unicast'].map(
      name => `  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "${name}"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true${isExtended ? addPath : ''}`,
    )
  const neighbors = sessions.map(
    ({ name, address, asNumber }) => `[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = ${asNumber}
  [neighbors.timers.config]
    connect-retry = 1
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = 120
${asNumber === daemonAs ? '  [neighbors.route-reflector.config]\n    route-reflector-client = true\n    route-reflector-cluster-id = "192.0.2.2"\n' : ''}${families(name === 'extended').join('\n')}`,
  )
  return `[global.config]
  as = ${daemonAs}
  router-id = "${daemonAddress[4]}"
${neighbors.join('\n')}
`
}

const openbgpd: Daemon = {
  name: 'openbgpd',
  version: { command: 'bgpd', args: ['-V'] },
  start: folder => {
    // where it changes root to; its service makes it, and there is none here
    mkdirSync('/run/openbgpd', { recursive: true })
    return [{ command: 'bgpd', args: ['-d', '-f', configured(folder, 'bgpd.conf', openbgpdConfig(folder))] }]
  },
  refresh: folder => [
    { command: 'bgpctl', args: ['-s', join(folder, 'bgpd.sock'), 'neighbor', sessions[0]!.address, 'refresh'] },
  ],
}

const openbgpdExtensions =
  '  announce policy provider\n  announce add-path recv yes\n  announce add-path send all\n  announce enhanced refresh yes\n'

function openbgpdConfig(folder: string): string {
  const neighbors = sessions.map(
    ({ name, address, asNumber }) => `neighbor ${address} {
  remote-as ${asNumber}
  local-address ${daemonAddress[4]}
  announce IPv4 unicast
  announce IPv6 unicast
${asNumber === daemonAs ? '  route-reflector\n' : ''}${name === 'extended' ? openbgpdExtensions : ''}}`,
  )
  return `AS ${daemonAs}
router-id ${daemonAddress[4]}
fib-update no
socket "${join(folder, 'bgpd.sock')}"
network 198.51.100.0/24 set { community 65000:1 large-community 70000:1:2 metric 50 }
network 198.51.101.0/25 set { community 65000:1 large-community 70000:1:2 metric 50 }
network 2001:db8:ff::/48 set { community 65000:1 ext-community rt 65000:100 }
${neighbors.join('\n')}
allow from any
allow to any
`
}

const exabgp: Daemon = {
  name: 'exabgp',
  version: { command: 'exabgp', args: ['--version'] },
  start: folder => [
    {
      command: 'exabgp',
      args: [configured(folder, 'exabgp.conf', exabgpConfig())],
      env: { 'exabgp.daemon.user': 'root', 'exabgp.log.level': 'ERR', 'exabgp.api.cli': 'false' },
    },
  ],
}

function exabgpConfig(): string {
  const neighbors = sessions.map(
    ({ name, address, asNumber }) => `neighbor ${address} {
  router-id ${daemonAddress[4]}; local-address ${daemonAddress[4]}; local-as ${daemonAs}; peer-as ${asNumber};
  family { ipv4 unicast; ipv6 unicast; }
  capability { graceful-restart 120; route-refresh enable; ${name === 'extended' ? 'add-path send/receive; nexthop enable; ' : ''}}
  ${name === 'extended' ? 'nexthop { ipv4 unicast ipv6; }' : ''}
  api { processes [ refresh ]; }
  static {
    route 198.51.100.0/24 next-hop ${daemonAddress[4]} med 50 community [ 65000:1 ] large-community [ 70000:1:2 ];
    route 198.51.101.0/25 next-hop ${daemonAddress[4]} med 50 community [ 65000:1 ] large-community [ 70000:1:2 ];
    route 2001:db8:ff::/48 next-hop ${daemonAddress[6]} aggregator ( 70001:192.0.2.7 ) atomic-aggregate;
    ${name === 'extended' ? `route 198.51.102.0/24 next-hop ${daemonAddress[6]} path-information 0.0.0.9;` : ''}
  }
}`,
  )
  return `process refresh { run /bin/sh -c "sleep 6; echo announce route-refresh ipv4 unicast; exec sleep 9"; encoder text; }
${neighbors.join('\n')}
`
}

export const daemons: readonly Daemon[] = [bird, frr, gobgp, openbgpd, exabgp]
