import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseAddress } from '../../lib/base/ip.ts'
import { Pinger, ping } from '../../lib/linux/icmp.ts'
import { makeNamespace, noNamespaces } from './netns.ts'

const skip = noNamespaces ?? false

/** Of the calling thread's namespace, for the group of root. */
const allowPing = () => writeFileSync('/proc/sys/net/ipv4/ping_group_range', '0 0')

for (const [target, source] of [
  ['10.0.0.1', '127.0.0.1'],
  ['fd00::1', '::1'],
] as const)
  test(`${target} in another namespace answers, many requests at a time`, { skip }, async context => {
    using namespace = makeNamespace()
    const pinger = namespace.run(() => {
      allowPing()
      return new Pinger(parseAddress(target), { source: parseAddress(source), size: 1400 })
    })
    context.after(() => pinger.close())
    const times = await Promise.all(Array.from({ length: 50 }, () => pinger.ping(60_000)))
    assert.ok(times.every(time => time >= 0 && time < 60_000))
  })

test('an address that nobody has times out, and one without a route says so', { skip }, async () => {
  using namespace = makeNamespace()
  const [silent, unrouted] = namespace.run(() => {
    allowPing()
    return [ping(parseAddress('10.0.0.77'), { timeoutMs: 50 }), ping(parseAddress('192.0.2.1'))]
  })
  const [late, lost] = await Promise.allSettled([silent, unrouted])
  assert.equal(late.status === 'rejected' && late.reason.message, 'no answer from 10.0.0.77 within 50 ms')
  assert.equal(lost.status === 'rejected' && lost.reason.code, 'ENETUNREACH')
})

test('a namespace that forbids it is a fault of the world', { skip }, () => {
  using namespace = makeNamespace()
  assert.throws(() => namespace.run(() => new Pinger(parseAddress('10.0.0.1'))), { name: 'WorldFault', code: 'EACCES' })
})
