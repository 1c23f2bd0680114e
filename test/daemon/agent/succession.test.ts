import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AdoptedRoutes } from '../../../daemon/agent/succession.ts'
import { parseAddress } from '../../../lib/base/ip.ts'

const ONE = '10.0.0.253'
const TWO = '10.0.0.254'
const BOTH = new Set([ONE, TWO])

function via(...gateways: string[]) {
  return { family: 4 as const, gateways: gateways.map(gateway => parseAddress(gateway)) }
}

/** Both peers sent routes over 192.0.2.1, which is reached through 10.0.0.9; peer one alone those over itself. */
function adopted(): AdoptedRoutes {
  return new AdoptedRoutes([
    { nextHop: '192.0.2.1', gateways: ['10.0.0.9'], peers: [ONE, TWO] },
    { nextHop: ONE, gateways: [ONE], peers: [ONE] },
    { nextHop: '192.0.2.2', gateways: ['10.0.0.8'], peers: [] },
  ])
}

describe('a route of the former agent', () => {
  it('goes when all the peers of its next hop have sent End-of-RIB of its family', () => {
    const routes = adopted()
    const shared = via('10.0.0.9')
    routes.finished(ONE, 4)
    routes.finished(TWO, 6)
    assert.equal(routes.isGone(shared, BOTH), false)
    routes.finished(TWO, 4)
    assert.equal(routes.isGone(shared, BOTH), true)
  })

  it('does not wait for a peer that is not configured any more', () => {
    const routes = adopted()
    routes.finished(ONE, 4)
    assert.equal(routes.isGone(via('10.0.0.9'), new Set([ONE])), true)
  })

  it('with several gateways waits for the peers of each', () => {
    const routes = adopted()
    routes.finished(ONE, 4)
    assert.equal(routes.isGone(via(ONE), BOTH), true)
    assert.equal(routes.isGone(via(ONE, '10.0.0.9'), BOTH), false)
  })

  it('waits for the deferral cap where it is not known who sent it', () => {
    const routes = adopted()
    for (const peer of [ONE, TWO]) routes.finished(peer, 4)
    assert.equal(routes.isGone(via('10.0.0.7'), BOTH), false, 'an unknown gateway')
    assert.equal(routes.isGone(via('10.0.0.8'), BOTH), false, 'a next hop of unknown peers')
    assert.equal(routes.isGone(via(), BOTH), false, 'no gateway at all')
    const shared = new AdoptedRoutes([
      { nextHop: '192.0.2.1', gateways: ['10.0.0.9'], peers: [ONE] },
      { nextHop: '192.0.2.2', gateways: ['10.0.0.9'], peers: [] },
    ])
    shared.finished(ONE, 4)
    assert.equal(shared.isGone(via('10.0.0.9'), BOTH), false, 'a gateway to a next hop of unknown peers, too')
  })
})
