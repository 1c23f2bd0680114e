import { describeMode } from './mode.ts'

describeMode({ mode: 'static', mtu: { ipv4: 1500, ipv6: 1500 } })
