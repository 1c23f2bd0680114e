import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { BfdSessionConfig } from '../../../bgp/bfd/session-config.ts'
import type { BfdChange } from '../../../bgp/bfd/session-status.ts'
import { Bfd } from '../../../bgp/io/bfd.ts'
import { type Address, parseAddress } from '../../../lib/base/ip.ts'
import { closeDescriptor } from '../../../lib/linux/libc.ts'
import { listAddresses } from '../../../lib/linux/netlink/address.ts'
import { findLink } from '../../../lib/linux/netlink/link.ts'
import { NetlinkSocket } from '../../../lib/linux/netlink/socket.ts'
import { openUdpReceiver } from '../../../lib/linux/udp.ts'
import { makeNamespace, noNamespaces, type TestNamespace } from '../../linux/netns.ts'
import { until } from '../../until.ts'

/** A machine that is busy with other things must not keep a thread from its work for so long that the other side gives up. */
const FAST = { transmit: 100, receive: 100, multiplier: 30 }

interface Side {
  readonly bfd: Bfd
  readonly changes: BfdChange[]
  readonly notices: string[]
}

function side(namespace: TestNamespace, sessions: readonly BfdSessionConfig[], context: TestContext): Side {
  const changes: BfdChange[] = []
  const notices: string[] = []
  const bfd = namespace.run(() => {
    const made = new Bfd({
      changed: change => changes.push(change),
      problemsChanged: () => {},
      notice: text => notices.push(text),
    })
    made.want(sessions)
    return made
  })
  context.after(() => bfd.close())
  return { bfd, changes, notices }
}

const stateOf = ({ bfd }: Side, name = 'peer') => bfd.status().find(status => status.name === name)?.state

/** Two namespaces on one link: `a` of the first, 10.0.0.1, to `b` of the second, 10.0.0.2. */
function neighbours(context: TestContext): [TestNamespace, TestNamespace] {
  const [one, other] = [makeNamespace(), makeNamespace()]
  context.after(() => {
    one[Symbol.dispose]()
    other[Symbol.dispose]()
  })
  other.ip('link del dev a')
  one.ip(`link set dev b netns ${other.name}`)
  other.ip('addr add 10.0.0.2/24 dev b')
  other.ip('addr add fd00::2/64 dev b nodad')
  other.ip('link set dev b up')
  return [one, other]
}

describe('BFD in its thread', { skip: noNamespaces }, () => {
  test('comes up, notices a link that is cut, comes up again, and says goodbye', async context => {
    const [here, there] = neighbours(context)
    const us = side(here, [{ name: 'peer', remote: parseAddress('10.0.0.2'), ...FAST }], context)
    const them = side(there, [{ name: 'peer', remote: parseAddress('10.0.0.1'), ...FAST }], context)
    const bothUp = () => stateOf(us) === 'Up' && stateOf(them) === 'Up'
    await until('both are up', bothUp)
    await until('both have told their pace', () => [us, them].every(one => one.bfd.status()[0]?.detectionTime === 3000))
    there.ip('link set dev b down')
    await until('both are down', () => stateOf(us) === 'Down' && stateOf(them) === 'Down')
    assert.deepEqual(
      us.changes.map(({ up, failure }) => [up, failure]),
      [
        [true, false],
        [false, true],
      ],
    )
    there.ip('link set dev b up')
    await until('both are up again', bothUp)
    await them.bfd.close()
    await until('the goodbye is heard', () => stateOf(us) === 'Down')
    assert.equal(us.changes.at(-1)?.failure, false)
    assert.match(us.changes.at(-1)?.reason ?? '', /administratively down/)
    const { sessions } = await us.bfd.counters()
    assert.ok(sessions.get('peer')!.sent > 3 && sessions.get('peer')!.received > 3)
    assert.deepEqual([us.notices, them.notices], [[], []])
  })

  test('speaks over IPv6, also between link-local addresses, and over several hops', async context => {
    const [here, there] = neighbours(context)
    const far = { multihop: { leastTtl: 254 } }
    const sessions = (global: string, local: Address, link: string): BfdSessionConfig[] => [
      { name: 'one hop', remote: parseAddress(global), ...FAST },
      { name: 'some hops', remote: parseAddress(global), ...far, ...FAST },
      { name: 'link-local', remote: local, interface: link, ...FAST },
    ]
    let [ours, theirs] = [linkLocal(here, 'a'), linkLocal(there, 'b')]
    await until('link-local addresses are there', () => {
      ;[ours, theirs] = [linkLocal(here, 'a'), linkLocal(there, 'b')]
      return ours !== undefined && theirs !== undefined
    })
    const us = side(here, sessions('fd00::2', theirs!, 'a'), context)
    const them = side(there, sessions('fd00::1', ours!, 'b'), context)
    for (const name of ['one hop', 'some hops', 'link-local'])
      await until(`${name} is up`, () => stateOf(us, name) === 'Up' && stateOf(them, name) === 'Up')
  })

  test('says that another holds its port, and takes it as soon as it is free', async context => {
    const [here, there] = neighbours(context)
    const thief = here.run(() => openUdpReceiver(4, 3784))
    const us = side(here, [{ name: 'peer', remote: parseAddress('10.0.0.2'), ...FAST }], context)
    side(there, [{ name: 'peer', remote: parseAddress('10.0.0.1'), ...FAST }], context)
    await until('the problem is told', () => us.bfd.problems.length === 1)
    assert.match(us.bfd.problems[0]!, /UDP port 3784/)
    closeDescriptor(thief)
    await until('the session is up', () => stateOf(us) === 'Up')
    assert.deepEqual(us.bfd.problems, [])
  })

  test('says nothing more, and asks nobody, after it was closed', async context => {
    const [here] = neighbours(context)
    const session: BfdSessionConfig = { name: 'peer', remote: parseAddress('10.0.0.2'), ...FAST }
    const { bfd } = side(here, [session], context)
    await until('its status is told', () => bfd.status().length === 1)
    await bfd.close()
    bfd.want([])
    bfd.want([session])
    assert.deepEqual((await bfd.counters()).sessions.size, 0)
  })

  test('says why packets cannot be sent', async context => {
    const [here] = neighbours(context)
    const us = side(here, [{ name: 'peer', remote: parseAddress('198.51.100.1'), ...FAST }], context)
    await until('the failure is told', () => us.bfd.status()[0]?.sendError !== undefined)
    assert.match(us.bfd.status()[0]!.sendError!, /ENETUNREACH/)
  })
})

function linkLocal(namespace: TestNamespace, device: string): Address | undefined {
  return namespace.run(() => {
    const socket = new NetlinkSocket()
    try {
      const { index } = findLink(socket, device)
      return listAddresses(socket).find(({ link, address }) => link === index && address.isLinkLocal)?.address
    } finally {
      socket.close()
    }
  })
}
