import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { macBytes, macText } from '../../../lib/base/mac.ts'
import { closeDescriptor } from '../../../lib/linux/libc.ts'
import { type Link, listLinks } from '../../../lib/linux/netlink/link.ts'
import { NetlinkSocket } from '../../../lib/linux/netlink/socket.ts'
import { makeTunnel, mendTunnel, removeTunnel } from '../../../lib/linux/overlay/tunnel.ts'
import { openUdpReceiver } from '../../../lib/linux/udp.ts'
import { makeNamespace, noNamespaces, type TestNamespace } from '../netns.ts'

const options = { skip: noNamespaces ?? false }
const NAME = 'podpeer.4'
const PORT = 8479
const SPEC = {
  ...({ kind: 'vxlan', name: NAME, vni: 179, port: PORT, learning: false } as const),
  ...{ mtu: 1450, mac: macBytes('02:00:00:00:00:17'), local: parseAddress('10.0.0.1') },
}

function tunnel({ run }: TestNamespace): Link | undefined {
  return run(() => {
    const socket = new NetlinkSocket()
    try {
      return listLinks(socket).find(({ name }) => name === NAME)
    } finally {
      socket.close()
    }
  })
}

test('a device is made as it is said, mended when it was let down or is too large, and removed', options, () => {
  using namespace = makeNamespace()
  namespace.run(() => makeTunnel(SPEC))
  const { up, mtu, mac, vxlan } = tunnel(namespace)!
  assert.deepEqual([up, mtu, macText(mac), vxlan?.vni, vxlan?.port], [true, 1450, '02:00:00:00:00:17', 179, PORT])
  namespace.ip(`link set ${NAME} down`)
  namespace.run(() => mendTunnel(tunnel(namespace)!, 1400))
  assert.deepEqual([tunnel(namespace)?.up, tunnel(namespace)?.mtu], [true, 1400])
  namespace.run(() => removeTunnel(tunnel(namespace)!))
  assert.equal(tunnel(namespace), undefined)
})

test('a device whose UDP port a process holds is refused, and not left behind', options, () => {
  using namespace = makeNamespace()
  const holder = namespace.run(() => openUdpReceiver(4, PORT))
  try {
    assert.throws(() => namespace.run(() => makeTunnel(SPEC)), { name: 'WorldFault', code: 'EADDRINUSE' })
    assert.equal(tunnel(namespace), undefined)
  } finally {
    closeDescriptor(holder)
  }
  namespace.run(() => makeTunnel(SPEC))
  assert.equal(tunnel(namespace)?.up, true)
})
