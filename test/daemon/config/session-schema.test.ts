import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { effective, judgeFile, parseFile } from '../../../daemon/config/index.ts'

const NODE = { name: 'node-1', nameOrigin: 'host name' }
const FACTS = {
  name: 'bigip',
  peers: 'per-node',
  nodeASNumber: 64512,
  holdTime: 90,
  keepaliveTime: 30,
  units: [{ name: 'a', addresses: ['10.0.0.9'], asNumber: 64512 }],
  reflectors: [],
  vips: [],
  tunnels: { units: [], complete: true },
} as const

function effectiveOf(peer: string) {
  return effective(
    parseFile(`asNumber: 65001\npeers: [{ name: tor, address: 10.0.0.1, asNumber: 65100${peer} }]`),
    NODE,
  )
}

describe('what a session is told beyond the ordinary', () => {
  it('is off unless it is written', () => {
    const [peer] = effectiveOf('').peers
    for (const field of ['profile', 'addPath', 'role', 'longLived', 'maxPrefixes', 'extendedMessages', 'delayOpenTime'])
      assert.ok(!(field in peer!), field)
  })

  it('reaches the engine in its words, defaults filled in', () => {
    const { peers, problems } = effectiveOf(`,
      profile: plain, extendedMessages: true, extendedNextHop: true, discardUnknown: true, delayOpenTime: 5,
      addPath: { receive: true }, role: { name: customer }, longLived: { staleTime: 3600 }, minimumHoldTime: 9,
      maxPrefixes: { ipv4: { count: 100 }, ipv6: { count: 50, warnAt: 90, action: restart, restartTime: 300 } },
      maxPrefixesOut: { ipv6: 7 }`)
    assert.deepEqual(problems, [])
    const { profile, extendedMessages, extendedNextHop, discardUnknown, delayOpenTime, addPath } = peers[0]!
    assert.deepEqual(
      { profile, extendedMessages, extendedNextHop, discardUnknown, delayOpenTime, addPath },
      {
        profile: 'plain',
        extendedMessages: true,
        extendedNextHop: true,
        discardUnknown: true,
        delayOpenTime: 5,
        addPath: { send: 0, receive: true },
      },
    )
    const { role, longLived, minimumHoldTime, maxPrefixes, maxPrefixesOut } = peers[0]!
    const [all] = effectiveOf(', addPath: { send: all }').peers
    assert.deepEqual(all!.addPath, { send: Number.POSITIVE_INFINITY, receive: false })
    assert.deepEqual(role, { role: 'customer', strict: false })
    assert.deepEqual(longLived, { staleTime: 3600 })
    assert.equal(minimumHoldTime, 9)
    assert.deepEqual(maxPrefixes, {
      4: { count: 100, warnAt: 80, action: 'drop' },
      6: { count: 50, warnAt: 90, action: 'restart', restartTime: 300 },
    })
    assert.deepEqual(maxPrefixesOut, { 6: 7 })
  })

  it('leaves a peer out, with a sentence, where it cannot hold', () => {
    assert.deepEqual(effectiveOf(', role: { name: peer }').problems, [])
    const internal = effective(
      parseFile('asNumber: 65001\npeers: [{ name: rr, address: 10.0.0.1, asNumber: internal, role: { name: peer } }]'),
      NODE,
    )
    assert.deepEqual(internal.problems, ['peer rr is left out: it has a role, which only external peers have'])
    assert.deepEqual(effectiveOf(', longLived: { staleTime: 9 }, gracefulRestart: { enabled: false }').problems, [
      'peer tor is left out: it has longLived without gracefulRestart',
    ])
  })

  it('is refused with its path where it is no such thing', () => {
    const judged = judgeFile('peers: [{ address: 10.0.0.1, asNumber: 1, maxPrefixes: { ipv4: { count: 0 } } }]')
    assert.match(JSON.stringify(judged), /maxPrefixes\.ipv4\.count/)
  })

  it('is plain towards the units of a BIGIP, with a limit that never costs the session, unless the file says otherwise', () => {
    const told = (file: string) => effective(parseFile(file), NODE, { bigips: [FACTS], nodes: [] }).peers[0]!
    const { profile, maxPrefixes } = told('{}')
    assert.deepEqual(
      { profile, maxPrefixes },
      { profile: 'plain', maxPrefixes: { 4: { count: 20_000, warnAt: 80, action: 'drop' } } },
    )
    const own = told('peers: [{ name: bigip/a, profile: standard, maxPrefixes: { ipv4: { count: 5 } } }]')
    assert.equal(own.profile, undefined)
    assert.equal(own.maxPrefixes?.[4]?.count, 5)
  })
})
