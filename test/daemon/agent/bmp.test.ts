import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { decodeBmp } from '../../bgp/bmp/decoder.ts'
import { nodeObject } from './played-world.ts'
import { CONFIG, clean, MINUTE, SECOND, world } from './setting.ts'

afterEach(clean)

const STATIONS = 'bmp: { stations: [{ name: noc, address: 10.0.0.77, port: 11019 }] }'

function begun(text: string) {
  const played = world()
  const chunks: Uint8Array[] = []
  const at = parseAddress('10.0.0.77')
  let closed = 0
  played.network.host(at).listen({ addresses: [at], port: 11019 }, channel => {
    channel.onData = chunk => chunks.push(chunk)
    channel.onClosed = () => closed++
  })
  played.node.start(text)
  played.node.synced(nodeObject())
  played.clock.advance(MINUTE)
  const types = () => decodeBmp(Buffer.concat(chunks)).map(({ type }) => type)
  return { ...played, types, chunks, closed: () => closed }
}

test('a station of the configuration hears of sessions as they come up, of what they announce, and of their end', () => {
  const { node, router, clock, types, chunks } = begun(`${CONFIG}${STATIONS}\n`)
  assert.deepEqual(types().slice(0, 2), ['initiation', 'up'])
  const up = decodeBmp(Buffer.concat(chunks))[1]!
  assert.deepEqual([up.peer!.address, up.peer!.asNumber], ['10.0.0.254', 65100])
  assert.ok(types().includes('routes'))
  router.speaker.reset(router.speaker.peers()[0]!.config.name)
  clock.advance(MINUTE)
  const after = types().slice(types().indexOf('down'))
  assert.deepEqual(after.slice(0, 2), ['down', 'up'])
  assert.equal(node.view.peers()[0]!.state, 'Established')
})

test('stations come and go with the file, and sessions stay', () => {
  const { node, clock, types, closed } = begun(CONFIG)
  assert.deepEqual(types(), [])
  node.reload(`${CONFIG}${STATIONS}\n`)
  clock.advance(10 * SECOND)
  assert.deepEqual(types().slice(0, 3), ['initiation', 'up', 'routes'])
  node.reload(CONFIG)
  clock.advance(10 * SECOND)
  assert.deepEqual([types().at(-1), closed()], ['termination', 1])
  assert.ok(node.view.peers()[0]!.uptimeSeconds! > 70)
})
