/**
 * Answers of a node to ARP and NDP of a BIG-IP that floods (`arp: none`): one proxy neighbour for each address of its own
 * pods on the device that the question comes in by, and the settings of that device that make the kernel answer for these,
 * at once, and for no other. Pure.
 *
 * Rules: no node answers for pods of another, so that a pod gets one answer however many nodes are asked; nobody answers
 * for what no pod has.
 */
import type { Address, Family } from '../lib/base/ip.ts'
import type { OverlayRow } from '../lib/linux/overlay/row.ts'
import type { Sysctl } from '../lib/linux/sysctl.ts'

/** @param pods addresses of this node's pods, of any family */
export function answerRows(pods: readonly Address[], device: string, family: Family): OverlayRow[] {
  return pods.filter(pod => pod.family === family).map(address => ({ kind: 'proxy', device, address }))
}

/**
 * Of the device that carries a family. IPv4: `proxy_arp` would answer for whatever the node has a route to. IPv6: without
 * `proxy_ndp` proxy neighbours do nothing. Answers for others are held back by `proxy_delay`, which is 0.8 s.
 */
export function answerSysctls(device: string, family: Family): Sysctl[] {
  const own =
    family === 4
      ? { name: `net/ipv4/conf/${device}/proxy_arp`, value: '0' }
      : { name: `net/ipv6/conf/${device}/proxy_ndp`, value: '1' }
  return [own, { name: `net/ipv${family}/neigh/${device}/proxy_delay`, value: '0' }]
}
