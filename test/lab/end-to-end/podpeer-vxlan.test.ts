import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { findLink } from '../../../lib/linux/netlink/link.ts'
import { OVERHEAD } from '../../../vxlan/device.ts'
import { OWN_DEVICES } from '../../../vxlan/own.ts'
import { BIGIP } from '../bigip-topology.ts'
import { inPlace, spaceOf } from '../network.ts'
import { pingAll } from '../ping.ts'
import { FAMILIES } from '../topology.ts'
import { untilComplete } from '../waiting.ts'
import { underPings } from './churn.ts'
import { DEADLINE } from './deadline.ts'
import { describeMode } from './mode.ts'
import { everyPingIsAnswered } from './traffic.ts'

const UNDERLAY = 'eth0'
/** Enough for IPv6 inside, which needs 1280. */
const SMALLER = 1400
/** As the AWS VPC CNI and Cilium's ENI mode lead packets of a pod past the main table. */
const CNI = { table: 2, priority: 1536 }

describeMode({ mode: 'podpeer-vxlan', mtu: { ipv4: 1500 - OVERHEAD[4], ipv6: 1500 - OVERHEAD[6] } }, lab => {
  const ip = (node: string, command: string) =>
    execFileSync('nsenter', [`--net=${spaceOf(node)}`, 'ip', ...command.split(' ')])

  test('goes on beside a CNI whose rules lead what pods send into a table of its own', async context => {
    const { place } = lab().node(2)
    const make = async () => {
      for (const family of FAMILIES) {
        const version = family === 'ipv4' ? '-4' : '-6'
        ip(place.name, `${version} route add default via ${place.router[family]} table ${CNI.table}`)
        for (const { address } of place.pods)
          ip(place.name, `${version} rule add from ${address[family]} lookup ${CNI.table} priority ${CNI.priority}`)
      }
      await everyPingIsAnswered(lab())
    }
    await underPings({ lab: lab(), test: context, what: 'a CNI routed by policy', harmless: true, make })
  })

  test('sends back what comes from a SNAT pool in the subnet of the tunnel, beside that CNI, too', async () => {
    const { device, status } = lab()
    const [pod] = lab().node(2).place.pods
    const plan = FAMILIES.flatMap(family => {
      const subnet = status.units![0]!.tunnelSubnets!.find(text => text.includes(':') === (family === 'ipv6'))!
      const address = `${parsePrefix(subnet).address}`.replace(/(\.0|::)$/, end => (end === '.0' ? '.77' : '::77'))
      return [{ from: pod!.name, to: 'a SNAT pool', family, address }]
    })
    // whoever has an address there answers as a pool's translation address would be answered
    const [tunnel] = device.kernel.tunnels
    for (const { family, address } of plan)
      ip(BIGIP, `addr add ${address}/${family === 'ipv4' ? 32 : '128 nodad'} dev ${tunnel}`)
    assert.deepEqual(
      (await pingAll(plan)).filter(({ ok }) => !ok),
      [],
    )
  })

  test('has devices that leave room for their headers when the underlay takes less', async () => {
    const { place } = lab().node(2)
    ip(place.name, `link set ${UNDERLAY} mtu ${SMALLER}`)
    const mtus = () =>
      inPlace(place.name, socket => Object.values(OWN_DEVICES).map(device => findLink(socket, device).mtu))
    await untilComplete('smaller devices', DEADLINE, async () =>
      isDeepStrictEqual(mtus(), [SMALLER - OVERHEAD[4], SMALLER - OVERHEAD[6]]) ? undefined : mtus().join(),
    )
    // they stay so until they are made anew, as the next test has it
    ip(place.name, `link set ${UNDERLAY} mtu 1500`)
    await everyPingIsAnswered(lab())
  })

  test('has its devices and their rows again when somebody deletes them', async context => {
    const { place } = lab().node(2)
    const make = () => {
      for (const device of Object.values(OWN_DEVICES)) ip(place.name, `link del ${device}`)
    }
    await underPings({ lab: lab(), test: context, what: "podpeer's devices were deleted", make })
    await everyPingIsAnswered(lab())
  })
})
