/** The lab's router in the languages of FRR and BIRD 2. Pure. */
import { RESTART_TIME, ROUTER_ID, TIMERS } from './agent-config.ts'
import { FAMILIES, ROUTER_AS, type Topology } from './topology.ts'

/** @param gracefulRestart whether the router helps a peer that restarts */
export function frrConfig(topology: Topology, gracefulRestart: boolean): string {
  const { holdTime, keepaliveTime, connectRetryTime } = TIMERS
  return lines(
    'hostname router',
    `router bgp ${ROUTER_AS}`,
    ` bgp router-id ${ROUTER_ID}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp network import-check',
    ' no bgp default ipv4-unicast',
    ...(gracefulRestart
      ? [
          ' bgp graceful-restart',
          ' bgp graceful-restart preserve-fw-state',
          ` bgp graceful-restart restart-time ${RESTART_TIME}`,
        ]
      : [' bgp graceful-restart-disable']),
    ` timers bgp ${keepaliveTime} ${holdTime}`,
    ...topology.nodes.flatMap(node =>
      FAMILIES.flatMap(family => [
        ` neighbor ${node.address[family]} remote-as ${node.asNumber}`,
        ` neighbor ${node.address[family]} description ${node.name}`,
        ` neighbor ${node.address[family]} timers connect ${connectRetryTime}`,
      ]),
    ),
    ...FAMILIES.flatMap(family => [
      ` address-family ${family} unicast`,
      ...topology.routerPrefixes[family].map(prefix => `  network ${prefix}`),
      ...topology.nodes.map(node => `  neighbor ${node.address[family]} activate`),
      ' exit-address-family',
    ]),
  )
}

/** @param gracefulRestart whether the router helps a peer that restarts */
export function birdConfig(topology: Topology, gracefulRestart: boolean): string {
  return lines(
    `router id ${ROUTER_ID};`,
    'protocol device { }',
    ...FAMILIES.flatMap(family => [
      `protocol kernel kernel_${family} {`,
      ...(gracefulRestart ? ['  graceful restart on;'] : []),
      `  ${family} { import none; export where source = RTS_BGP; };`,
      '}',
      `protocol static outside_${family} {`,
      `  ${family};`,
      ...topology.routerPrefixes[family].map(prefix => `  route ${prefix} blackhole;`),
      '}',
    ]),
    ...topology.nodes.flatMap(node =>
      FAMILIES.flatMap(family => [
        `protocol bgp ${node.name.replaceAll('-', '_')}_${family} {`,
        `  local ${node.router[family]} as ${ROUTER_AS};`,
        `  neighbor ${node.address[family]} as ${node.asNumber};`,
        `  hold time ${TIMERS.holdTime};`,
        `  keepalive time ${TIMERS.keepaliveTime};`,
        '  connect delay time 0;',
        `  connect retry time ${TIMERS.connectRetryTime};`,
        '  error wait time 1, 5;',
        `  graceful restart ${gracefulRestart ? 'on' : 'off'};`,
        ...(gracefulRestart ? [`  graceful restart time ${RESTART_TIME};`] : []),
        `  ${family} { import all; export where source ~ [RTS_BGP, RTS_STATIC]; };`,
        '}',
      ]),
    ),
  )
}

function lines(...all: string[]): string {
  return `${all.join('\n')}\n`
}
