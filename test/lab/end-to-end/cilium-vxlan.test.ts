import { OVERHEAD } from '../../../vxlan/device.ts'
import { describeMode } from './mode.ts'

describeMode({ mode: 'cilium-vxlan', mtu: { ipv4: 1500 - OVERHEAD[4], ipv6: 1500 - OVERHEAD[6] } })
