import { describeMode } from './mode.ts'

describeMode({ mode: 'bgp', mtu: { ipv4: 1500, ipv6: 1500 } })
