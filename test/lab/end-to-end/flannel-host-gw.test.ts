import { describeMode } from './mode.ts'

describeMode({ mode: 'flannel-host-gw', mtu: { ipv4: 1500, ipv6: 1500 } })
