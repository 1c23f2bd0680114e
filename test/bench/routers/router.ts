/** The routers that are compared: how each is configured for a workload, started, and asked for its version. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { LabProcess } from '../../lab/process.ts'
import { untilComplete } from '../../lab/waiting.ts'
import { type PlayedPeer, ROUTER_AS, type Workload } from './workload.ts'

const ROUTER_ID = '10.0.0.1'
const REPOSITORY = new URL('../../..', import.meta.url).pathname
const MAIN = join(REPOSITORY, 'dist/daemon/main.js')

export interface Place {
  /** Path of the router's namespace. */
  readonly namespace: string
  /** For its configuration, sockets and logs. */
  readonly folder: string
}

export interface Router {
  readonly name: string
  /** Its programs; the first one tells the version. */
  readonly programs: readonly string[]
  readonly versionArgs: readonly string[]
  readonly installs: boolean
  config(workload: Workload, place: Place): string
  /** @param config path of the configuration */
  commands(config: string, workload: Workload, place: Place): readonly Command[]
}

interface Command {
  readonly command: string
  readonly args: readonly string[]
  /** The next command waits for this file. */
  readonly opens?: string
}

export function isInstalled({ programs }: Router): boolean {
  return programs.every(program => existsSync(program))
}

export function versionOf({ programs, versionArgs }: Router): string {
  const [program = ''] = programs
  const output = execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', program, ...versionArgs], { encoding: 'utf8' })
  return /\d+\.\d+(\.\d+)?\S*/.exec(output)?.[0] ?? output.trim()
}

/** Starts its processes in their order. */
export async function startRouter(router: Router, workload: Workload, place: Place): Promise<LabProcess[]> {
  const path = join(place.folder, 'router.conf')
  writeFileSync(path, router.config(workload, place))
  chmodSync(path, 0o600)
  const processes: LabProcess[] = []
  for (const { command, args, opens } of router.commands(path, workload, place)) {
    processes.push(new LabProcess({ namespace: place.namespace, command, args, log: join(place.folder, 'router.log') }))
    if (opens === undefined) continue
    await untilComplete(`starting ${router.name}`, 10_000, async () => (existsSync(opens) ? undefined : `no ${opens}`))
  }
  return processes
}

/** @param main what is run: as it ships what `npm run build` made, or the source */
export const podpeer = (main: string): Router => ({
  name: 'podpeer',
  programs: [process.execPath, main],
  versionArgs: [main, '--version'],
  installs: true,
  config: ({ peers, families, kernelRoutes }, { folder }) =>
    stringify({
      node: 'bench',
      asNumber: ROUTER_AS,
      routerId: ROUTER_ID,
      listen: { addresses: [...new Set(peers.map(({ router }) => router))] },
      kubernetes: { enabled: false },
      announce: { podCIDRs: false },
      kernel: { install: kernelRoutes !== undefined },
      state: join(folder, 'state.json'),
      control: { socket: join(folder, 'agent.sock') },
      peers: peers.map(({ address, router, asNumber, client, bystander }, number) => ({
        name: `peer-${number}`,
        address,
        localAddress: router,
        asNumber,
        passive: true,
        holdTime: 240,
        families: families.map(family => `ipv${family}`),
        import: 'accept',
        export: bystander ? 'reject' : 'accept',
        gracefulRestart: { enabled: false },
        routeReflectorClient: client,
      })),
    }),
  commands: config => [{ command: process.execPath, args: [main, 'agent', '--config', config] }],
})

/** @param tuning settings of every session */
export const bird = (...tuning: readonly string[]): Router => ({
  name: 'bird',
  programs: ['/usr/sbin/bird'],
  versionArgs: ['--version'],
  installs: true,
  config({ peers, families, kernelRoutes }) {
    const channels = (told: boolean) =>
      families
        .map(family => `ipv${family} { import all; export ${told ? 'where source = RTS_BGP' : 'none'}; };`)
        .join(' ')
    return lines(
      'log stderr { error, fatal, bug };',
      `router id ${ROUTER_ID};`,
      'protocol device { }',
      'protocol direct { ipv4; ipv6; interface "feed", "sink"; }',
      kernelRoutes !== undefined && 'protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }',
      `template bgp played { local as ${ROUTER_AS}; passive on; ${tuning.join(' ')} }`,
      ...peers.map(({ address, asNumber, client, bystander }, number) => {
        const reflected = client ? ` rr client; rr cluster id ${ROUTER_ID};` : ''
        const settings = `neighbor ${address} as ${asNumber};${reflected} ${channels(!bystander)}`
        return `protocol bgp peer_${number} from played { ${settings} }`
      }),
    )
  },
  commands: (config, _, { folder }) => [
    { command: '/usr/sbin/bird', args: ['-f', '-c', config, '-s', join(folder, 'bird.ctl')] },
  ],
})

/** @param tuning lines of its BGP section */
export function frr(name: string, ...tuning: readonly string[]): Router {
  const folderOf = (folder: string) => ['--vty_socket', folder, '-z', join(folder, 'zserv.api'), '-P', '0']
  const log = ['--log', 'stdout', '--log-level', 'warnings']
  return {
    name,
    programs: ['/usr/lib/frr/bgpd', '/usr/lib/frr/zebra'],
    versionArgs: ['--version'],
    installs: true,
    config: ({ peers, families }) =>
      lines(
        'frr defaults traditional',
        `router bgp ${ROUTER_AS}`,
        ` bgp router-id ${ROUTER_ID}`,
        ` bgp cluster-id ${ROUTER_ID}`,
        ' no bgp ebgp-requires-policy',
        ' no bgp network import-check',
        ...tuning.map(line => ` ${line}`),
        ...peers.flatMap(({ address, asNumber }) => [
          ` neighbor ${address} remote-as ${asNumber}`,
          ` neighbor ${address} passive`,
        ]),
        ...families.flatMap(family => [
          ` address-family ipv${family} unicast`,
          ...peers.flatMap(({ address, client }) => [
            `  neighbor ${address} activate`,
            ...(client ? [`  neighbor ${address} route-reflector-client`] : []),
          ]),
          ' exit-address-family',
        ]),
        'exit',
      ),
    commands: (config, { kernelRoutes }, { folder }) => [
      {
        command: '/usr/lib/frr/zebra',
        args: ['-f', '/dev/null', '-i', join(folder, 'zebra.pid'), ...folderOf(folder), ...log],
        opens: join(folder, 'zserv.api'),
      },
      {
        command: '/usr/lib/frr/bgpd',
        args: [
          ...['-f', config, '-i', join(folder, 'bgpd.pid'), '-S', ...folderOf(folder), ...log],
          ...(kernelRoutes === undefined ? ['-n'] : []),
        ],
      },
    ],
  }
}

/** @param tuning further lines of its file, behind those about itself */
export const gobgp = (...tuning: readonly string[]): Router => ({
  name: 'gobgp',
  programs: ['/usr/bin/gobgpd'],
  versionArgs: ['--version'],
  installs: false,
  config: ({ peers, families }) =>
    lines(
      '[global.config]',
      `  as = ${ROUTER_AS}`,
      `  router-id = "${ROUTER_ID}"`,
      ...tuning,
      ...peers.flatMap(({ address, asNumber, client }) => [
        '[[neighbors]]',
        '  [neighbors.config]',
        `    neighbor-address = "${address}"`,
        `    peer-as = ${asNumber}`,
        '  [neighbors.transport.config]',
        '    passive-mode = true',
        ...(client
          ? [
              '  [neighbors.route-reflector.config]',
              '    route-reflector-client = true',
              `    route-reflector-cluster-id = "${ROUTER_ID}"`,
            ]
          : []),
        ...families.flatMap(family => [
          '  [[neighbors.afi-safis]]',
          '    [neighbors.afi-safis.config]',
          `      afi-safi-name = "ipv${family}-unicast"`,
        ]),
      ]),
    ),
  commands: config => [{ command: '/usr/bin/gobgpd', args: ['-f', config, '-t', 'toml', '-l', 'warn'] }],
})

const openbgpd: Router = {
  name: 'openbgpd',
  programs: ['/usr/sbin/bgpd'],
  versionArgs: ['-V'],
  installs: false,
  config: ({ peers, families }, { folder }) =>
    lines(
      `AS ${ROUTER_AS}`,
      `router-id ${ROUTER_ID}`,
      'fib-update no',
      `socket "${join(folder, 'bgpd.sock')}"`,
      ...[...new Set(peers.map(({ router }) => router))].map(address => `listen on ${address}`),
      ...peers.flatMap(({ address, asNumber, client, router }: PlayedPeer) => [
        `neighbor ${address} {`,
        `  remote-as ${asNumber}`,
        '  passive',
        `  local-address ${router}`,
        ...families.map(family => `  announce IPv${family} unicast`),
        ...(client ? ['  route-reflector'] : []),
        '}',
      ]),
      'allow from any',
      'allow to any',
    ),
  commands: config => [{ command: '/usr/sbin/bgpd', args: ['-d', '-f', config] }],
}

export const ROUTERS: readonly Router[] = [
  podpeer(MAIN),
  bird(),
  frr('frr'),
  frr('frr-fast', 'coalesce-time 10'),
  gobgp(),
  openbgpd,
]

function lines(...all: readonly (string | false)[]): string {
  return `${all.filter(line => line !== false).join('\n')}\n`
}
