import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { parseState, renderState, type SavedState } from '../../../daemon/agent/saved-state.ts'
import { StateFile } from '../../../daemon/agent/state-file.ts'
import { nodeObject } from './played-world.ts'

const FULL: SavedState = {
  version: 1,
  bootId: 'boot-1',
  identity: { asNumber: 65001, routerId: '10.0.0.1' },
  node: nodeObject({ annotations: { 'podpeer.io/as-number': '65001' } }),
  admitted: 'uid-1',
  bigips: [
    {
      name: 'bigip',
      peers: 'reflector',
      nodeASNumber: 65001,
      holdTime: 90,
      keepaliveTime: 30,
      units: [{ name: 'bigip-a', addresses: ['10.0.0.254', 'fd00::fe'], asNumber: 64512 }],
      reflectors: [{ name: 'node-1', addresses: ['10.0.0.1'], asNumber: 65001 }],
      vips: ['203.0.113.0/24'],
      tunnels: {
        units: [
          {
            name: 'bigip-a',
            standby: false,
            vni: 1,
            port: 8472,
            ends: [
              {
                family: 4,
                endpoint: '10.0.0.254',
                mac: '02:00:00:00:00:09',
                selfIPs: ['10.244.255.1'],
                subnets: ['10.244.255.0/24'],
              },
            ],
            complete: true,
          },
        ],
        complete: true,
        flooding: true,
      },
    },
  ],
  nodes: [{ name: 'node-2', addresses: ['10.0.0.2'] }],
  drained: false,
  announced: ['10.244.1.0/24'],
  sessions: ['10.0.0.254'],
  nextHops: [{ nextHop: '10.0.0.254', gateways: ['10.0.0.254'], peers: ['10.0.0.254'] }],
  taken: ['fdb 02:00:00:00:00:09 dev flannel.1'],
}

const folder = mkdtempSync(join(tmpdir(), 'podpeer-state-'))
after(() => rmSync(folder, { recursive: true, force: true }))

describe('the saved state', () => {
  it('comes back as it was written', () => {
    assert.deepEqual(parseState(renderState(FULL)), FULL)
  })

  it('may lack what was not known', () => {
    const bare = { ...FULL, identity: undefined, node: undefined, admitted: undefined, nextHops: [] }
    const text = renderState(bare)
    assert.equal(renderState(parseState(text)), text)
  })

  it('of a version that knew no BIGIPs, or no migrations, is taken as one without any', () => {
    const older = { ...FULL, bigips: undefined, nodes: undefined, taken: undefined }
    const { bigips, nodes, taken } = parseState(JSON.stringify(older))
    assert.deepEqual({ bigips, nodes, taken }, { bigips: [], nodes: [], taken: [] })
  })

  it('of a version that knew no tunnels says that they are not known', () => {
    const { tunnels: _, ...view } = FULL.bigips[0]!
    const { bigips } = parseState(JSON.stringify({ ...FULL, bigips: [view] }))
    assert.deepEqual(bigips[0]!.tunnels, { units: [], complete: false })
  })

  const broken: [what: string, text: string, message: RegExp][] = [
    ['an empty file', '', /^is not a JSON mapping$/],
    ['half a file', renderState(FULL).slice(0, 100), /^is not a JSON mapping$/],
    ['a list', '[]', /^is not a JSON mapping$/],
    ['another version', JSON.stringify({ ...FULL, version: 2 }), /^version: 2 is not one that this program knows$/],
    ['a peer that is nowhere', JSON.stringify({ ...FULL, sessions: ['tor'] }), /^sessions: does not have the shape/],
    ['a missing part', JSON.stringify({ ...FULL, sessions: undefined }), /^sessions: does not have the shape/],
    ['a part of another kind', JSON.stringify({ ...FULL, drained: 'no' }), /^drained: does not have the shape/],
    ['a Node without its uid', JSON.stringify({ ...FULL, node: { name: 'node-1' } }), /^node: does not have the shape/],
    [
      'a BIGIP whose units have no addresses',
      JSON.stringify({ ...FULL, bigips: [{ ...FULL.bigips[0], units: [{ name: 'bigip-a', asNumber: 64512 }] }] }),
      /^bigips: does not have the shape/,
    ],
    [
      'a next hop without peers',
      JSON.stringify({ ...FULL, nextHops: [{ nextHop: '10.0.0.254', gateways: [] }] }),
      /^nextHops: does not have the shape/,
    ],
  ]
  for (const [what, text, message] of broken)
    it(`is refused as a whole for ${what}`, () =>
      assert.throws(() => parseState(text), { name: 'InputFault', message }))
})

describe('the state file', () => {
  it('is made with its folder, readable by its owner alone, and leaves no second file behind', () => {
    const path = join(folder, 'deep', 'er', 'state.json')
    const file = new StateFile(path)
    assert.equal(file.read(), undefined)
    file.write(FULL)
    assert.deepEqual(new StateFile(path).read(), FULL)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(join(folder, 'deep', 'er')), ['state.json'])
  })

  it('is replaced, not written over, and only when there is something new', () => {
    const path = join(folder, 'state.json')
    const file = new StateFile(path)
    file.write(FULL)
    const { ino } = statSync(path)
    file.write({ ...FULL })
    assert.equal(statSync(path).ino, ino)
    file.write({ ...FULL, drained: true })
    assert.notEqual(statSync(path).ino, ino)
  })

  it('gets its mode even where a file of another one lies in the way', () => {
    const path = join(folder, 'open.json')
    writeFileSync(`${path}.new`, '')
    chmodSync(`${path}.new`, 0o666)
    new StateFile(path).write(FULL)
    assert.equal(statSync(path).mode & 0o777, 0o600)
  })

  it('says why it cannot be read or written', () => {
    const file = new StateFile(folder)
    assert.throws(() => file.read(), { name: 'WorldFault', code: 'EISDIR' })
    assert.throws(() => file.write(FULL), { name: 'WorldFault' })
  })
})
