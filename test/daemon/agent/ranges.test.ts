import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { nodeObject } from './played-world.ts'
import { clean, MINUTE, SECOND, world } from './setting.ts'

afterEach(clean)

function begun(text: string) {
  const played = world()
  played.node.start(`asNumber: 65001\nimport: { allow: [203.0.113.0/24] }\n${text}`)
  played.node.synced(nodeObject())
  played.clock.advance(SECOND)
  return played
}

describe('a peer on an interface', () => {
  it('is left out with a sentence until a router is heard there, and is dialled then', () => {
    const { node, clock } = begun('peers: [{ interface: eth1, asNumber: external, gtsm: 1 }]')
    assert.deepEqual([...node.routerWatches.keys()], ['eth1'])
    assert.deepEqual(node.view.peers(), [])
    assert.deepEqual(node.view.status().problems, ['peer eth1 is left out: no router has been heard on eth1 yet'])
    node.routerWatches.get('eth1')!.heard(parseAddress('fe80::7'))
    clock.advance(MINUTE)
    const [peer] = node.view.peers()
    assert.deepEqual(
      [peer!.name, peer!.address, peer!.interface, peer!.gtsm, peer!.asNumber],
      ['eth1', 'fe80::7', 'eth1', 1, 0],
    )
    assert.deepEqual(node.view.status().problems, [])
  })

  it('says why routers cannot be found, and is watched for no longer than it is wanted', () => {
    const { node, clock } = begun('peers: [{ interface: eth1, asNumber: external }]')
    node.routerWatches.get('eth1')!.problem('there is no eth1')
    clock.advance(SECOND)
    assert.ok(node.view.status().problems.includes('routers on eth1 cannot be found: there is no eth1'))
    node.reload('asNumber: 65001\n')
    clock.advance(SECOND)
    assert.deepEqual([...node.routerWatches.keys(), ...node.view.status().problems], [])
  })
})

describe('a listen range', () => {
  it('makes a peer of the router that connects from it, and installs what that announces', () => {
    const { node, router, clock } = begun('ranges: [{ name: rack, prefix: 10.0.0.0/24, asNumber: external, limit: 5 }]')
    clock.advance(MINUTE)
    const [peer] = node.view.peers()
    assert.deepEqual(
      [peer!.name, peer!.range, peer!.state, peer!.passive, peer!.importPolicy],
      ['rack/10.0.0.254', 'rack', 'Established', true, 'allowed'],
    )
    assert.equal(router.speaker.peers()[0]!.session.state, 'Established')
    assert.equal(peer!.families.find(({ family }) => family === 'ipv4')!.accepted, 1)
  })

  it('without its key is left out with a sentence', () => {
    const { node } = begun(
      'ranges: [{ name: rack, prefix: 10.0.0.0/24, asNumber: external, password: { env: NO_SUCH_KEY } }]',
    )
    assert.deepEqual(node.view.peers(), [])
    assert.ok(node.view.status().problems.includes('range rack is left out: password variable NO_SUCH_KEY: is not set'))
  })
})
