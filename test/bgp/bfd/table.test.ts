import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodePacket, encodePacket } from '../../../bgp/bfd/packet.ts'
import type { BfdSessionConfig } from '../../../bgp/bfd/session-config.ts'
import { type Arrival, BfdTable, type TableEffect } from '../../../bgp/bfd/table.ts'
import { parseAddress } from '../../../lib/base/ip.ts'

const PEER = parseAddress('192.0.2.1')
const US = parseAddress('192.0.2.2')
const NEAR: BfdSessionConfig = { name: 'near', remote: PEER, transmit: 300, receive: 300, multiplier: 3 }
const FAR: BfdSessionConfig = { ...NEAR, name: 'far', multihop: { leastTtl: 250 } }

/** What a peer that is Down says. */
function arrival(more: Partial<Arrival> = {}, yourDiscriminator = 0, state: 'Down' | 'Init' = 'Down'): Arrival {
  const bytes = encodePacket({
    diagnostic: 0,
    state,
    poll: false,
    final: false,
    controlPlaneIndependent: false,
    demand: false,
    detectMultiplier: 3,
    myDiscriminator: 42,
    yourDiscriminator,
    desiredMinTx: 1_000_000,
    requiredMinRx: 300_000,
    requiredMinEchoRx: 0,
  })
  return { bytes, source: PEER, destination: US, interface: '', ttl: 255, multihop: false, ...more }
}

function tableOf(...configs: readonly BfdSessionConfig[]): BfdTable {
  let seed = 0
  const table = new BfdTable(() => (seed = (seed + 0.137) % 1))
  assert.deepEqual(table.want(configs, 0), [])
  return table
}

function statesOf(table: BfdTable): string {
  return table
    .takeNews()
    .map(({ name, state }) => `${name} ${state}`)
    .join(', ')
}

function sent(effects: readonly TableEffect[]) {
  return effects.flatMap(effect => (effect.type === 'send' ? [decodePacket(effect.bytes)] : []))
}

describe('the table of BFD sessions', () => {
  it('finds the session of a first packet by address and port, and says hello back', () => {
    const table = tableOf(NEAR, FAR)
    table.takeNews()
    table.receive(arrival(), 0)
    assert.equal(statesOf(table), 'near Init')
    table.receive(arrival({ multihop: true }), 0)
    assert.equal(statesOf(table), 'far Init')
  })

  it('tells sessions with one address apart by interface, where they have one', () => {
    const link = parseAddress('fe80::1')
    const ends = { source: link, destination: parseAddress('fe80::2') }
    const table = tableOf(
      { ...NEAR, name: 'left', remote: link, interface: 'eth0' },
      { ...NEAR, name: 'right', remote: link, interface: 'eth1' },
    )
    table.takeNews()
    table.receive(arrival({ ...ends, interface: 'eth1' }), 0)
    assert.equal(statesOf(table), 'right Init')
  })

  it('finds it later by discriminator alone, but only for packets of that peer', () => {
    const table = tableOf(NEAR)
    const { localDiscriminator } = table.takeNews()[0]!
    const forged = arrival({ source: parseAddress('198.51.100.1') }, localDiscriminator, 'Init')
    assert.deepEqual(table.receive(forged, 0), [])
    assert.equal(statesOf(table), '')
    table.receive(arrival({}, localDiscriminator, 'Init'), 0)
    assert.equal(statesOf(table), 'near Up')
    assert.deepEqual(table.counters().discarded, { otherPeer: 1 })
  })

  it('counts what it discards by reason, and changes nothing for it', () => {
    const table = tableOf(NEAR, FAR)
    table.takeNews()
    for (const one of [
      arrival({ ttl: 254 }),
      arrival({ ttl: 249, multihop: true }),
      arrival({ source: parseAddress('198.51.100.1') }),
      arrival({}, 0xdeadbeef),
      arrival({ bytes: new Uint8Array(3) }),
    ])
      assert.deepEqual(table.receive(one, 0), [])
    assert.equal(statesOf(table), '')
    assert.deepEqual(table.counters().discarded, { ttl: 2, unknownPeer: 1, unknownDiscriminator: 1, tooShort: 1 })
  })

  it('takes packets of a multihop peer from as far as its least TTL says', () => {
    const table = tableOf(FAR)
    table.takeNews()
    table.receive(arrival({ ttl: 250, multihop: true }), 0)
    assert.equal(statesOf(table), 'far Init')
  })

  it('asks for the local address where one is configured', () => {
    const table = tableOf({ ...NEAR, local: US })
    table.receive(arrival({ destination: parseAddress('192.0.2.3') }), 0)
    assert.deepEqual(table.counters().discarded, { unknownPeer: 1 })
  })

  it('says AdminDown for a session that is not wanted any more, for a while, and then ends it', () => {
    const table = tableOf(NEAR)
    table.receive(arrival(), 0)
    const [goodbye] = sent(table.want([], 10))
    assert.equal(typeof goodbye === 'object' && goodbye.state, 'AdminDown')
    const effects: TableEffect[] = []
    let now = 10
    for (; table.deadline() < Infinity; ) {
      now = table.deadline()
      effects.push(...table.expire(now))
    }
    // 3 × the second that a session which is not up may leave between packets
    assert.equal(now, 3010)
    assert.equal(effects.at(-1)?.type, 'end')
    assert.ok(sent(effects).every(packet => typeof packet === 'object' && packet.state === 'AdminDown'))
  })

  it('leaves a session alone whose timers changed, and makes one anew whose ends did', () => {
    const table = tableOf(NEAR)
    const discriminator = () => table.takeNews().map(({ localDiscriminator }) => localDiscriminator)
    const first = discriminator()
    table.want([{ ...NEAR, transmit: 100 }], 0)
    assert.deepEqual(discriminator(), first)
    table.want([NEAR], 0)
    table.want([{ ...NEAR, local: US }], 0)
    assert.notDeepEqual(discriminator(), first)
  })
})
