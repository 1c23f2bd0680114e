import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { WorldFault } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { EventMonitor, RTNLGRP_IPV4_ROUTE, RTNLGRP_LINK } from '../../lib/linux/events/monitor.ts'
import { findLink } from '../../lib/linux/netlink/link.ts'
import type { Message } from '../../lib/linux/netlink/message.ts'
import {
  decodeRoute,
  encodePath,
  MAIN_TABLE,
  prefixOf,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  writeRoute,
} from '../../lib/linux/netlink/route.ts'
import { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import { until } from '../until.ts'
import { makeNamespace, noNamespaces, type TestNamespace } from './netns.ts'

const skip = noNamespaces ?? false

function watch(context: TestContext, namespace: TestNamespace, except = -1, receiveBuffer?: number) {
  const seen: Message[] = []
  const notices: string[] = []
  let overflows = 0
  const onNotice = (notice: string) => notices.push(notice)
  const monitor = namespace.run(() => new EventMonitor({ onNotice, ...(receiveBuffer && { receiveBuffer }) }))
  monitor.join({
    groups: [RTNLGRP_LINK, RTNLGRP_IPV4_ROUTE],
    except,
    onMessages: messages => seen.push(...messages),
    onOverflow: () => overflows++,
  })
  context.after(() => monitor.close())
  const routes = (type: number) =>
    seen.filter(message => message.type === type).map(message => prefixOf(decodeRoute(message)!).toString())
  return { monitor, seen, notices, routes, overflows: () => overflows }
}

function addRoute(socket: NetlinkSocket, text: string): void {
  const { bytes, length } = parsePrefix(text)
  const hop = { gateway: parseAddress('10.0.0.2'), link: findLink(socket, 'a').index, onlink: false, weight: 1 }
  const path = encodePath(4, { type: 'unicast', hops: [hop] })
  const put = (target: Uint8Array, at: number) => target.set(bytes, at)
  socket.change(`adding ${text}`, message =>
    writeRoute(message, 'add', { family: 4, table: MAIN_TABLE, protocol: 4, metric: 5 }, length, put, path),
  )
}

test('changes by others arrive in order, and those of the named socket do not', { skip }, async context => {
  using namespace = makeNamespace()
  const own = namespace.run(() => new NetlinkSocket())
  const { routes, seen } = watch(context, namespace, own.portId)
  addRoute(own, '203.0.113.0/24')
  namespace.ip('route add 192.0.2.0/24 via 10.0.0.2')
  namespace.ip('route add 198.51.100.0/24 via 10.0.0.2')
  namespace.ip('route del 192.0.2.0/24')
  await until('the last change is seen', () => routes(RTM_DELROUTE).length > 0)
  assert.deepEqual(routes(RTM_NEWROUTE), ['192.0.2.0/24', '198.51.100.0/24'])
  assert.deepEqual(routes(RTM_DELROUTE), ['192.0.2.0/24'])
  assert.equal(seen.filter(({ portId }) => portId === own.portId).length, 0)
  own.close()
})

test('several listeners hear the same, each until it leaves, and nobody what one of them excepts', {
  skip,
}, async context => {
  using namespace = makeNamespace()
  const own = namespace.run(() => new NetlinkSocket())
  const { monitor, routes, seen } = watch(context, namespace)
  const others: Message[] = []
  const leave = monitor.join({
    groups: [RTNLGRP_LINK],
    except: own.portId,
    onMessages: messages => others.push(...messages),
    onOverflow: () => {},
  })
  addRoute(own, '203.0.113.0/24')
  namespace.ip('route add 192.0.2.0/24 via 10.0.0.2')
  await until(
    'both have heard',
    () => others.some(({ type }) => type === RTM_NEWROUTE) && routes(RTM_NEWROUTE).length === 1,
  )
  assert.equal(seen.filter(({ portId }) => portId === own.portId).length, 0)
  leave()
  const heard = others.length
  addRoute(own, '198.51.100.0/24')
  await until('one hears what was excepted', () => seen.some(({ portId }) => portId === own.portId))
  assert.equal(others.length, heard)
  own.close()
})

test('the last listener that leaves is told of, once', { skip }, async () => {
  using namespace = makeNamespace()
  let unused = 0
  const monitor = namespace.run(() => new EventMonitor({ onNotice: () => {}, onUnused: () => unused++ }))
  const listener = { groups: [RTNLGRP_LINK], onMessages: () => {}, onOverflow: () => {} }
  const [leave, other] = [monitor.join({ ...listener }), monitor.join({ ...listener })]
  leave()
  leave()
  assert.equal(unused, 0)
  other()
  other()
  assert.equal(unused, 1)
  await monitor.close()
})

test('a listener that could not join hears nothing', { skip }, async context => {
  using namespace = makeNamespace()
  const { monitor, routes } = watch(context, namespace)
  const onMessages = () => assert.fail('it hears')
  assert.throws(() => monitor.join({ groups: [RTNLGRP_LINK, 1 << 20], onMessages, onOverflow: onMessages }), WorldFault)
  namespace.ip('route add 192.0.2.0/24 via 10.0.0.2')
  await until('the other has heard', () => routes(RTM_NEWROUTE).length === 1)
})

test('a monitor whose only listener could not join is unused', { skip }, async () => {
  using namespace = makeNamespace()
  let unused = 0
  const monitor = namespace.run(() => new EventMonitor({ onNotice: () => {}, onUnused: () => unused++ }))
  assert.throws(() => monitor.join({ groups: [1 << 20], onMessages: () => {}, onOverflow: () => {} }), WorldFault)
  assert.equal(unused, 1)
  await monitor.close()
})

test('lost messages are told as an overflow, and later ones still come', { skip }, async context => {
  using namespace = makeNamespace()
  const { routes, overflows } = watch(context, namespace, 0, 2048)
  const many = ['add', 'del']
    .flatMap(verb => Array.from({ length: 2000 }, (_, n) => `route ${verb} 192.0.${n >> 8}.${n & 255}/32 via 10.0.0.2`))
    .join('\n')
  await until('the overflow is told', () => {
    // a thread that is quick enough has read all of them in time
    if (overflows() === 0) spawnSync('ip', ['-n', namespace.name, '-batch', '-'], { input: many })
    return overflows() > 0
  })
  // while the buffer is not empty yet, a later change can be lost like those before it
  let metric = 1
  await until('a later change is seen', () => {
    namespace.ip(`route add 203.0.113.0/24 via 10.0.0.2 metric ${metric++}`)
    return routes(RTM_NEWROUTE).includes('203.0.113.0/24')
  })
})

test('a thread that falls is started again, and what it may have missed is told', { skip }, async context => {
  using namespace = makeNamespace()
  const started: Worker[] = []
  const note = (worker: Worker) => void started.push(worker)
  process.on('worker', note)
  context.after(() => process.off('worker', note))
  const { routes, notices, overflows } = watch(context, namespace)
  await until('the thread runs', () => started.length === 1)
  const fallen = started[0]!.terminate()
  // it notices when it returns from its waiting
  namespace.ip('route add 192.0.2.0/24 via 10.0.0.2')
  await fallen
  await until('another one runs, and the owner is told to look', () => started.length === 2 && overflows() === 1)
  assert.match(notices.join(), /^the thread of kernel events fell: it ended; it starts again in \d+ ms$/)
  namespace.ip('route add 198.51.100.0/24 via 10.0.0.2')
  await until('a later change is seen', () => routes(RTM_NEWROUTE).includes('198.51.100.0/24'))
})

test('closing ends the thread, and a process that just exits is not held up by it', { skip }, async context => {
  using namespace = makeNamespace()
  const { monitor } = watch(context, namespace)
  await monitor.close()
  await monitor.close()
  const source = new URL('../../lib/linux/events/monitor.ts', import.meta.url)
  const script = `
    const { EventMonitor } = await import(${JSON.stringify(source.href)})
    const nothing = () => {}
    new EventMonitor({ onNotice: nothing }).join({ groups: [1], onMessages: nothing, onOverflow: nothing })
    setTimeout(() => process.exit(7), 200)`
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 120_000 })
  assert.deepEqual([status, signal], [7, null])
})
