import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type BfdState, type ControlPacket, diagnostic, STATES } from '../../../bgp/bfd/packet.ts'
import { BfdSession, type SessionEffect } from '../../../bgp/bfd/session.ts'
import type { BfdTimers } from '../../../bgp/bfd/session-config.ts'
import { nextState } from '../../../bgp/bfd/transition.ts'

const TIMERS: BfdTimers = { transmit: 300, receive: 300, multiplier: 3 }
const OURS = 17
const THEIRS = 42

/** What a peer of the same settings says. */
function said(state: BfdState, more: Partial<ControlPacket> = {}): ControlPacket {
  return {
    diagnostic: 0,
    state,
    poll: false,
    final: false,
    controlPlaneIndependent: false,
    demand: false,
    detectMultiplier: 3,
    myDiscriminator: THEIRS,
    yourDiscriminator: OURS,
    desiredMinTx: state === 'Up' ? 300_000 : 1_000_000,
    requiredMinRx: 300_000,
    requiredMinEchoRx: 0,
    ...more,
  }
}

class Played {
  now = 0
  random = 0
  readonly session: BfdSession

  constructor(timers: BfdTimers = TIMERS) {
    this.session = new BfdSession(OURS, timers, 0, 0)
  }

  hear(state: BfdState, more?: Partial<ControlPacket>): SessionEffect[] {
    return this.session.handle({ type: 'packet', packet: said(state, more) }, this.now, this.random)
  }

  /** Lets time come to the next deadline. */
  wait(): SessionEffect[] {
    this.now = this.session.deadline()
    return this.session.handle({ type: 'timer' }, this.now, this.random)
  }

  /** Up, and our new pace has been confirmed. */
  up(): this {
    this.hear('Init')
    this.hear('Up', { final: true })
    assert.equal(this.session.status().state, 'Up')
    return this
  }
}

function sent(effects: readonly SessionEffect[]): ControlPacket[] {
  return effects.flatMap(effect => (effect.type === 'send' ? [effect.packet] : []))
}

function changes(effects: readonly SessionEffect[]) {
  return effects.filter(effect => effect.type === 'change')
}

describe('the BFD state machine', () => {
  it('goes where the table of RFC 5880 §6.2 says', () => {
    const table = {
      Down: { AdminDown: 'Down', Down: 'Init', Init: 'Up', Up: 'Down' },
      Init: { AdminDown: 'Down', Down: 'Init', Init: 'Up', Up: 'Up' },
      Up: { AdminDown: 'Down', Down: 'Down', Init: 'Up', Up: 'Up' },
    } as const
    for (const state of ['Down', 'Init', 'Up'] as const)
      for (const received of STATES) assert.equal(nextState(state, received), table[state][received])
  })

  it('comes up by a handshake of three, and tells of it once', () => {
    const one = new Played()
    const [init] = sent(one.hear('Down', { yourDiscriminator: 0 }))
    assert.equal(init?.state, 'Init')
    assert.equal(init?.yourDiscriminator, THEIRS)
    const effects = one.hear('Up')
    assert.deepEqual(changes(effects), [
      { type: 'change', up: true, failure: false, independent: false, reason: 'the session is up' },
    ])
    assert.equal(sent(effects)[0]?.state, 'Up')
    assert.deepEqual(changes(one.hear('Up')), [])
  })

  it('goes down when nothing has come for the detection time, forgets the peer and says so', () => {
    const one = new Played().up()
    // 3 × max(our 300 ms, their 300 ms) since the last packet
    assert.equal(one.session.status().detectionTime, 900)
    one.now = 899
    assert.deepEqual(changes(one.session.handle({ type: 'timer' }, 899, 0)), [])
    const effects = one.session.handle({ type: 'timer' }, 900, 0)
    assert.deepEqual(changes(effects), [
      { type: 'change', up: false, failure: true, independent: false, reason: 'control detection time expired' },
    ])
    const [down] = sent(effects)
    assert.equal(down?.state, 'Down')
    assert.equal(down?.diagnostic, diagnostic.detectionTimeExpired)
    assert.equal(down?.yourDiscriminator, 0)
    assert.equal(one.session.status().remote, undefined)
  })

  it('goes down when the peer says so, with the peer’s reason', () => {
    const one = new Played().up()
    const effects = one.hear('Down', { diagnostic: diagnostic.pathDown, controlPlaneIndependent: true })
    assert.deepEqual(changes(effects), [
      {
        type: 'change',
        up: false,
        failure: true,
        independent: true,
        reason: 'neighbor signaled session down (path down)',
      },
    ])
    assert.equal(sent(effects)[0]?.diagnostic, diagnostic.neighborSignaledDown)
  })

  it('takes a session that a person has ended for no failure, at either end (RFC 5882 §3.2)', () => {
    const theirs = changes(new Played().up().hear('AdminDown'))
    assert.deepEqual(theirs, [
      {
        type: 'change',
        up: false,
        failure: false,
        independent: false,
        reason: 'neighbor signaled session down (administratively down)',
      },
    ])
    const one = new Played().up()
    const ours = one.session.handle({ type: 'disable' }, one.now, 0)
    assert.deepEqual(changes(ours), [
      { type: 'change', up: false, failure: false, independent: false, reason: 'administratively down' },
    ])
    assert.equal(sent(ours)[0]?.state, 'AdminDown')
    assert.deepEqual(one.hear('Down', { poll: true }), [])
    assert.equal(one.session.status().state, 'AdminDown')
  })

  it('speaks once a second at most while it is not up, whatever is configured (§6.8.3)', () => {
    const one = new Played({ transmit: 10, receive: 10, multiplier: 3 })
    const [first] = sent(one.wait())
    assert.equal(first?.desiredMinTx, 1_000_000)
    const before = one.now
    one.wait()
    assert.ok(one.now - before >= 750 && one.now - before <= 1000)
  })

  it('tells its faster pace by a Poll Sequence when it comes up, until the peer has answered', () => {
    const one = new Played()
    const [up] = sent(one.hear('Init'))
    assert.deepEqual([up?.poll, up?.desiredMinTx], [true, 300_000])
    assert.equal(sent(one.wait())[0]?.poll, true)
    one.hear('Up', { final: true })
    assert.equal(sent(one.wait())[0]?.poll, false)
  })

  it('answers a poll at once, with Final and without Poll', () => {
    const one = new Played().up()
    const [answer, ...more] = sent(one.hear('Up', { poll: true }))
    assert.deepEqual([answer?.final, answer?.poll, more], [true, false, []])
  })

  it('sends at the slower of its own pace and of what the peer can take, with jitter (§6.8.7)', () => {
    const one = new Played().up()
    for (const [random, share] of [
      [0, 0.75],
      [0.999999, 1],
    ] as const) {
      one.random = random
      one.hear('Up', { requiredMinRx: 500_000 })
      one.wait()
      const before = one.now
      one.hear('Up', { requiredMinRx: 500_000 })
      one.wait()
      assert.ok(Math.abs(one.now - before - 500 * share) < 0.01, `${one.now - before}`)
    }
  })

  it('leaves room for one packet at multiplier 1: 75 to 90 % of the interval', () => {
    const one = new Played({ ...TIMERS, multiplier: 1 }).up()
    one.random = 0.999999
    one.wait()
    const before = one.now
    one.hear('Up')
    one.wait()
    assert.ok(Math.abs(one.now - before - 270) < 0.01)
  })

  it('goes faster at once when the peer can take more', () => {
    const one = new Played().up()
    one.hear('Up', { requiredMinRx: 10_000_000 })
    one.wait()
    const slow = one.session.deadline()
    one.hear('Up', { requiredMinRx: 300_000 })
    assert.ok(one.session.deadline() <= one.now + 300)
    assert.ok(one.session.deadline() < slow)
  })

  it('keeps the faster pace, and the longer detection time, until a change of its own is confirmed (§6.8.3)', () => {
    const one = new Played().up()
    const slower = { transmit: 1000, receive: 50, multiplier: 3 }
    one.session.handle({ type: 'configure', timers: slower }, one.now, 0)
    assert.equal(one.session.status().transmitInterval, 300)
    assert.equal(one.session.status().detectionTime, 900)
    const [told] = sent(one.wait())
    assert.deepEqual([told?.poll, told?.desiredMinTx, told?.requiredMinRx], [true, 1_000_000, 50_000])
    one.hear('Up', { final: true, desiredMinTx: 100_000 })
    assert.equal(one.session.status().transmitInterval, 1000)
    assert.equal(one.session.status().detectionTime, 300)
  })

  it('is silent while the peer is in demand mode and both are up, answers polls, and counts on the peer’s packets', () => {
    const one = new Played().up()
    one.hear('Up', { demand: true })
    assert.equal(one.session.deadline(), one.now + 900) // nothing but the detection time
    assert.equal(sent(one.hear('Up', { demand: true, poll: true }))[0]?.final, true)
    one.hear('Up', { demand: false })
    assert.ok(one.session.deadline() <= one.now + 300)
  })

  it('polls a peer in demand mode when its own pace changes', () => {
    const one = new Played().up()
    one.hear('Up', { demand: true })
    one.session.handle({ type: 'configure', timers: { ...TIMERS, receive: 500 } }, one.now, 0)
    assert.equal(sent(one.wait())[0]?.poll, true)
  })

  it('sends nothing on its timer to a peer that wants no packets (bfd.RemoteMinRxInterval 0)', () => {
    const one = new Played().up()
    one.hear('Up', { requiredMinRx: 0 })
    assert.equal(one.session.status().transmitInterval, 0)
    assert.equal(one.session.deadline(), one.now + 900)
  })

  it('speaks again when a peer that wanted no packets has gone, for somebody must begin (§6.1)', () => {
    const one = new Played()
    one.hear('AdminDown', { requiredMinRx: 0 })
    assert.equal(one.session.status().state, 'Down')
    assert.deepEqual(
      sent(one.wait()).map(({ yourDiscriminator }) => yourDiscriminator),
      [0],
    )
    assert.ok(one.session.deadline() <= one.now + 1000)
  })

  it('tells by its revision when its status has something else to say, and not with every packet', () => {
    const one = new Played().up()
    const { revision } = one.session
    one.hear('Up')
    one.hear('Up')
    const settled = one.session.revision
    one.hear('Up')
    assert.equal(one.session.revision, settled)
    one.hear('Up', { demand: true })
    assert.notEqual(one.session.revision, revision)
    assert.equal(one.session.revision, settled + 1)
  })
})
