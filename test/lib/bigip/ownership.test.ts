import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Identity, type Owner, ownership, type RecordOwners } from '../../../lib/bigip/ownership.ts'
import type { Row } from '../../../lib/bigip/row.ts'

const c1: Identity = { clusterId: 'c1', partition: 'Common' }
const adopting: Identity = { ...c1, adopt: 'cis' }
const owners: RecordOwners = {
  exclusive: new Set(['/Common/podpeer-c1-flannel']),
  journal: new Map([['/Common/fl-tunnel', new Set(['0a:00:00:00:00:01'])]]),
}

const arp = (name: string, description?: string): Row => ({
  kind: 'ARP',
  name,
  ...(description !== undefined && { description }),
  fields: { ipAddress: '10.244.1.2', macAddress: '0a:00:00:00:00:01' },
})
const route = (name: string, network = '10.244.1.0/24'): Row => ({
  kind: 'route',
  name,
  fields: { network, gateway: '10.1.10.1' },
})
const record = (parent: string, name = '0a:00:00:00:00:01'): Row => ({
  kind: 'FDB record',
  parent,
  name,
  fields: { endpoint: '10.1.10.1' },
})

const ours = 'podpeer cluster=c1'
for (const [title, row, identity, owner, isChosen = false] of [
  ['with our prefix, tag and partition', arp('/Common/podpeer-c1-a', ours), c1, 'ours'],
  ['with more words after the tag', arp('/Common/podpeer-c1-a', `${ours} node-1`), c1, 'ours'],
  ['in LOCAL_ONLY', arp('/LOCAL_ONLY/podpeer-c1-a', ours), c1, 'ours'],
  ['without our tag', arp('/Common/podpeer-c1-a'), c1, 'foreign'],
  ['with the tag of another cluster', arp('/Common/podpeer-c1-a', 'podpeer cluster=c2'), c1, 'foreign'],
  [
    'with the tag of a cluster whose id begins with ours',
    arp('/Common/podpeer-c1-a', 'podpeer cluster=c12'),
    c1,
    'foreign',
  ],
  ['with our tag in the midst of a text', arp('/Common/podpeer-c1-a', `see ${ours}`), c1, 'foreign'],
  ['in another partition', arp('/other/podpeer-c1-a', ours), c1, 'foreign'],
  ['of another name', arp('/Common/a', ours), c1, 'foreign'],
  ['of a name that begins like ours', arp('/Common/podpeer-c12-a', ours), c1, 'foreign'],
  ['of a name that the operator chose', arp('/Common/a', ours), c1, 'ours', true],
  ['of a name that the operator chose, without our tag', arp('/Common/a'), c1, 'foreign', true],
  ['with a name of CIS', arp('/Common/k8s-10.244.1.2'), c1, 'foreign'],
  ['with a name of CIS, where it is to be adopted', arp('/kubernetes/k8s-10.244.1.2'), adopting, 'adoptable'],
  ['with a name of CIS for another address', arp('/Common/k8s-10.244.1.3'), adopting, 'foreign'],
  [
    'with a name of CIS, adopted by another cluster',
    arp('/Common/k8s-10.244.1.2', 'podpeer cluster=c2'),
    adopting,
    'foreign',
  ],
  ['with a name of CIS, adopted by us', arp('/kubernetes/k8s-10.244.1.2', ours), c1, 'ours'],
  ['a route of CIS', route('/kubernetes/k8s-node-1-10.1.10.1'), adopting, 'adoptable'],
  ['a route of CIS-C', route('/Common/10.244.1.0'), adopting, 'adoptable'],
  ['a route that has just any name', route('/Common/office'), adopting, 'foreign'],
  ['a record of an exclusive tunnel', record('/Common/podpeer-c1-flannel'), c1, 'ours'],
  ['a record of a shared tunnel, in our journal', record('/Common/fl-tunnel'), c1, 'ours'],
  ['a record of a shared tunnel, not in our journal', record('/Common/fl-tunnel', '0a:00:00:00:00:02'), c1, 'foreign'],
  [
    'a record of a shared tunnel that may be CIS’s',
    record('/Common/fl-tunnel', '0a:00:00:00:00:02'),
    adopting,
    'adoptable',
  ],
] as const satisfies readonly (readonly [string, Row, Identity, Owner, boolean?])[])
  test(`${owner}: ${title}`, () => {
    const verdict = ownership(row, identity, owners, isChosen)
    assert.equal(verdict.owner, owner, verdict.reason)
    assert.notEqual(verdict.reason, '')
  })
