/** Routes in the words of `ip route`. */
import type { Path } from './route.ts'

/** rtm_protocol, as `ip route` names them (etc/iproute2/rt_protos). */
const PROTOCOLS: Readonly<Record<number, string>> = {
  0: 'unspec',
  1: 'redirect',
  2: 'kernel',
  3: 'boot',
  4: 'static',
  8: 'gated',
  9: 'ra',
  10: 'mrt',
  11: 'zebra',
  12: 'bird',
  13: 'dnrouted',
  14: 'xorp',
  15: 'ntk',
  16: 'dhcp',
  17: 'mrouted',
  18: 'keepalived',
  42: 'babel',
  99: 'openr',
  186: 'bgp',
  187: 'isis',
  188: 'ospf',
  189: 'rip',
  192: 'eigrp',
}

/** `bird`, or the number where rt_protos has no name. */
export function protocolName(protocol: number): string {
  return PROTOCOLS[protocol] ?? String(protocol)
}

/** `via 192.0.2.1 dev eth0`, several with `, `; `dev eth0`; `blackhole`. @param linkName index → name */
export function renderPath(path: Path, linkName: (link: number) => string): string {
  if (path.hops.length === 0) return path.type
  const words = path.hops.map(({ gateway, link, onlink, weight }) =>
    [gateway && `via ${gateway}`, `dev ${linkName(link)}`, onlink && 'onlink', weight > 1 && `weight ${weight}`]
      .filter(Boolean)
      .join(' '),
  )
  return (path.type === 'unicast' ? '' : `${path.type} `) + words.join(', ')
}
