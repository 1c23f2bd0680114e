import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Address } from '../../lib/base/ip.ts'
import { encodeRouterAdvertisement, encodeRouterSolicitation } from '../../lib/linux/router-advertisement.ts'
import { RouterWatch } from '../../lib/linux/router-watch.ts'
import { until } from '../until.ts'
import { makeNamespace, noNamespaces, type TestNamespace } from './netns.ts'

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 7)

test('an advertisement says that we are here, and that we are nobody’s default router', () => {
  const hex = Buffer.from(encodeRouterAdvertisement(MAC)).toString('hex')
  // type, code, checksum; hop limit, flags, lifetime; reachable time; retransmission time; the source link-layer address
  assert.equal(hex, '86000000' + '00000000' + '00000000' + '00000000' + '0101020000000007')
  assert.equal(Buffer.from(encodeRouterSolicitation(MAC)).toString('hex'), `85000000${'00000000'}0101020000000007`)
})

test('on a link without a MAC address the option that has it is left out', () => {
  assert.equal(encodeRouterAdvertisement(new Uint8Array()).length, 16)
  assert.equal(encodeRouterSolicitation(new Uint8Array()).length, 8)
})

test('two watches at the ends of a link find each other, and a link that is not there is a problem until it is', {
  skip: noNamespaces,
}, async context => {
  const [here, there] = [makeNamespace(), makeNamespace()]
  const watches: RouterWatch[] = []
  context.after(() => {
    for (const watch of watches) watch.close()
    for (const space of [here, there]) space[Symbol.dispose]()
  })
  const begin = (device: string) => {
    const heard: Address[] = []
    const problems: (string | undefined)[] = []
    watches.push(
      new RouterWatch(device, {
        heard: router => heard.push(router),
        problem: text => problems.push(text),
      }),
    )
    return { heard, problems }
  }
  const missing = here.run(() => begin('c'))
  assert.match(missing.problems[0]!, /looking for the link c: no such device/i)
  here.ip(`link set dev b name c netns ${there.name}`)
  there.ip('link set c up')
  // a watch opens its socket in the namespace of the moment, and again where an address is not ready yet
  const [a, c] = [linkLocal(here, 'a'), linkLocal(there, 'c')]
  const [near, far] = [here.run(() => begin('a')), there.run(() => begin('c'))]
  await until('they have heard each other', () => near.heard.length === 1 && far.heard.length === 1)
  assert.deepEqual(
    [near, far].map(({ heard }) => String(heard[0])),
    [c, a],
  )
  assert.deepEqual([near.problems, far.problems], [[], []])
})

/** Waits until it may be sent from. */
function linkLocal(space: TestNamespace, device: string): string {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const [, found] = /inet6 (fe80:\S+)\/64/.exec(space.ip(`-6 address show dev ${device} -tentative`)) ?? []
    if (found !== undefined) return found
  }
  throw new Error(`${device} has no link-local address`)
}
