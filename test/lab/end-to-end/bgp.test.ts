import { test } from 'node:test'
import { describeMode } from './mode.ts'
import { sessionsStay } from './sessions.ts'

describeMode({ mode: 'bgp', mtu: { ipv4: 1500, ipv6: 1500 } }, lab => {
  test('has every session up at both ends, and none flaps when another node goes and comes back', async () => {
    await sessionsStay(lab())
  })
})
