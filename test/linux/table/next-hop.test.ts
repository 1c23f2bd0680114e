import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import type { RouteTableOptions } from '../../../lib/linux/table/route-table.ts'
import { until } from '../../until.ts'
import { noNamespaces } from '../netns.ts'
import { Bench, FOUR, want } from './table-bench.ts'

const options = { skip: noNamespaces ?? false }

test(
  'a next hop behind a router goes through it, never through a route of ours, and follows the kernel',
  options,
  async context => {
    const bench = new Bench(context)
    const { namespace } = bench
    const table = bench.open()
    want(table, FOUR, '172.20.0.1')
    want(table, '172.20.0.0/16', '10.0.0.2')
    want(table, '10.0.0.5/32', '10.0.0.5')
    await table.settled()
    const covering = ['10.0.0.5/32 10.0.0.5', '172.20.0.0/16 10.0.0.2']
    assert.deepEqual(bench.both(), covering)
    const { status, reason } = table.state(parsePrefix(FOUR))
    assert.deepEqual([status, reason], ['unreachable', 'next hop 172.20.0.1: no route to it'])
    namespace.ip('route add 172.20.0.0/24 via 10.0.0.7')
    await bench.routes(['10.0.0.5/32 10.0.0.5', '172.20.0.0/16 10.0.0.2', `${FOUR} 10.0.0.7`])
    assert.deepEqual(
      table
        .nextHopStates()
        .map(({ address, gateways }) => `${address} ${gateways}`)
        .sort(),
      ['10.0.0.2 10.0.0.2', '10.0.0.5 10.0.0.5', '172.20.0.1 10.0.0.7'],
    )
    namespace.ip('route replace 172.20.0.0/24 via 10.0.0.8')
    await bench.routes(['10.0.0.5/32 10.0.0.5', '172.20.0.0/16 10.0.0.2', `${FOUR} 10.0.0.8`])
    namespace.ip('route del 172.20.0.0/24')
    await bench.routes(covering)
    want(table, FOUR, '10.0.0.1')
    await table.settled()
    assert.equal(table.state(parsePrefix(FOUR)).reason, 'next hop 10.0.0.1: an address of this host')
  },
)

test(
  'a next hop that is tracked is told when it can be reached no more, and when it can again',
  options,
  async context => {
    const bench = new Bench(context)
    const { namespace } = bench
    const told: string[] = []
    const table = bench.open({
      onNextHops: verdicts => told.push(...verdicts.map(({ address, reason = 'reachable' }) => `${address} ${reason}`)),
    })
    const track = (text: string) => table.track(parseAddress(text)).reason
    assert.equal(track('10.0.0.2'), undefined)
    assert.equal(track('fd00::2'), undefined)
    assert.equal(track('172.20.0.1'), 'no route to it')
    assert.equal(track('10.0.0.1'), 'an address of this host')
    namespace.ip('route add 172.20.0.0/24 via 10.0.0.7')
    await until('the route is heard of', () => told.length === 1)
    namespace.ip('link set dev a down')
    await until('the fall of the link is heard of', () => told.length >= 4)
    namespace.ip('link set dev a up')
    namespace.ip('addr replace fd00::1/64 dev a nodad')
    await until('the rise of the link is heard of', () => told.filter(line => line.endsWith(' reachable')).length >= 3)
    table.untrack(parseAddress('10.0.0.2'))
    namespace.ip('link set dev a down')
    await until(
      'the second fall is heard of',
      () => told.filter(line => line === 'fd00::2 no route to it').length === 2,
    )
    assert.deepEqual(told.slice(0, 1), ['172.20.0.1 reachable'])
    assert.deepEqual(
      told.filter(line => line.startsWith('10.0.0.2')),
      ['10.0.0.2 no route to it', '10.0.0.2 reachable'],
    )
  },
)

test(
  'a next hop behind a route of ours is found among the routes of others, and moves with them',
  options,
  async context => {
    const bench = new Bench(context)
    const { namespace } = bench
    const told: string[] = []
    const onNextHops: RouteTableOptions['onNextHops'] = verdicts =>
      told.push(...verdicts.map(({ address, reason = 'reachable' }) => `${address} ${reason}`))
    const table = bench.open({ onNextHops })
    want(table, '172.20.0.0/16', '10.0.0.2')
    await table.settled()
    assert.equal(table.track(parseAddress('172.20.0.1')).reason, undefined, 'not known yet, which is not unreachable')
    want(table, FOUR, '172.20.0.1')
    await until('the routes of others are read', () => told.length === 1)
    assert.deepEqual(told, ['172.20.0.1 no route to it'])
    namespace.ip('route add default via 10.0.0.7 metric 20')
    namespace.ip('route add default via 10.0.0.8 metric 10')
    await bench.routes([`172.20.0.0/16 10.0.0.2`, `${FOUR} 10.0.0.8`])
    namespace.ip('route del default metric 10')
    await bench.routes([`172.20.0.0/16 10.0.0.2`, `${FOUR} 10.0.0.7`])
    assert.deepEqual([...new Set(told.slice(1))], ['172.20.0.1 reachable'], 'told once per way')
  },
)
