/** What a BGP daemon of the lab is told, in the languages of podpeer, FRR and BIRD 2. Pure. */
import { stringify } from 'yaml'
import { type ProcessFiles, RESTART_TIME, TIMERS } from './agent-config.ts'
import type { RouterSetup } from './router-setup.ts'
import { FAMILIES } from './topology.ts'

/** Seconds: whoever is not there yet is dialled again at once. */
const { connectRetryTime } = TIMERS

export function podpeerConfig(setup: RouterSetup, files: ProcessFiles): string {
  const { restartTime } = setup
  return stringify({
    node: 'router',
    asNumber: setup.asNumber,
    routerId: setup.routerId,
    kubernetes: { enabled: false },
    announce: { prefixes: FAMILIES.flatMap(family => setup.originated[family]) },
    gracefulRestart: { enabled: restartTime !== undefined, restartTime: restartTime ?? RESTART_TIME },
    state: files.state,
    control: { socket: files.socket },
    peers: setup.peers.map(({ name, address, asNumber, families, holdTime, keepaliveTime, passive = false }) => ({
      name,
      address,
      asNumber,
      families,
      import: 'accept',
      export: 'accept',
      passive,
      holdTime,
      keepaliveTime,
      connectRetryTime,
    })),
  })
}

export function frrConfig({ asNumber, routerId, originated, restartTime, peers }: RouterSetup): string {
  return lines(
    'hostname router',
    `router bgp ${asNumber}`,
    ` bgp router-id ${routerId}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp network import-check',
    ' no bgp default ipv4-unicast',
    ...(restartTime === undefined
      ? [' bgp graceful-restart-disable']
      : [
          ' bgp graceful-restart',
          ' bgp graceful-restart preserve-fw-state',
          ` bgp graceful-restart restart-time ${restartTime}`,
        ]),
    ...peers.flatMap(peer => [
      ` neighbor ${peer.address} remote-as ${peer.asNumber}`,
      ` neighbor ${peer.address} description ${peer.name}`,
      ` neighbor ${peer.address} timers ${peer.keepaliveTime} ${peer.holdTime}`,
      ` neighbor ${peer.address} timers connect ${connectRetryTime}`,
      ...(peer.multihop === undefined ? [] : [` neighbor ${peer.address} ebgp-multihop ${peer.multihop}`]),
      ...(peer.passive === true ? [` neighbor ${peer.address} passive`] : []),
      ...(peer.password === undefined ? [] : [` neighbor ${peer.address} password ${peer.password}`]),
    ]),
    ...FAMILIES.flatMap(family => [
      ` address-family ${family} unicast`,
      ...originated[family].map(prefix => `  network ${prefix}`),
      ...peers.filter(({ families }) => families.includes(family)).map(peer => `  neighbor ${peer.address} activate`),
      ' exit-address-family',
    ]),
  )
}

export function birdConfig({ asNumber, routerId, originated, restartTime, peers }: RouterSetup): string {
  const helps = restartTime !== undefined
  return lines(
    `router id ${routerId};`,
    'protocol device { }',
    // by which next hops are found that multihop peers announce; never before what is told itself
    'protocol direct { ipv4 { preference 1; }; ipv6 { preference 1; }; interface "-lo", "*"; }',
    ...FAMILIES.flatMap(family => [
      `protocol kernel kernel_${family} {`,
      ...(helps ? ['  graceful restart on;'] : []),
      `  ${family} { import none; export where source = RTS_BGP; };`,
      '}',
      `protocol static outside_${family} {`,
      `  ${family};`,
      ...originated[family].map(prefix => `  route ${prefix} blackhole;`),
      '}',
    ]),
    ...peers.flatMap(peer => [
      `protocol bgp ${peer.name.replaceAll(/\W/g, '_')} {`,
      `  local ${peer.localAddress ?? ''} as ${asNumber};`,
      `  neighbor ${peer.address} as ${peer.asNumber};`,
      ...(peer.multihop === undefined ? [] : [`  multihop ${peer.multihop};`]),
      ...(peer.passive === true ? ['  passive on;'] : []),
      ...(peer.password === undefined ? [] : [`  password "${peer.password}";`]),
      `  hold time ${peer.holdTime};`,
      `  keepalive time ${peer.keepaliveTime};`,
      '  connect delay time 0;',
      `  connect retry time ${connectRetryTime};`,
      '  error wait time 1, 5;',
      `  graceful restart ${helps ? 'on' : 'off'};`,
      ...(helps ? [`  graceful restart time ${restartTime};`] : []),
      ...peer.families.map(family => `  ${family} { import all; export where source ~ [RTS_BGP, RTS_STATIC]; };`),
      '}',
    ]),
  )
}

function lines(...all: string[]): string {
  return `${all.join('\n')}\n`
}
