/** Which pods have addresses of their own. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { podNetworks } from '../../../lib/cni/pod-network.ts'
import { projections } from '../../../lib/kube/object.ts'
import { pod } from './objects.ts'

describe('pods', () => {
  test('a pod is its addresses, in normal form, and its node', () => {
    assert.deepEqual(podNetworks([pod('a', 'node-1', ['10.244.1.5', 'FD00:10:244:1:0::5'])]), [
      { namespace: 'web', name: 'a', node: 'node-1', addresses: ['10.244.1.5', 'fd00:10:244:1::5'] },
    ])
  })

  for (const [what, one] of [
    ['on the host’s network', pod('a', 'node-1', ['10.1.10.1'], { hostNetwork: true })],
    ['that has succeeded', pod('a', 'node-1', ['10.244.1.5'], { phase: 'Succeeded' })],
    ['that has failed', pod('a', 'node-1', ['10.244.1.5'], { phase: 'Failed' })],
    ['without an address', pod('a', 'node-1', [], { phase: 'Pending' })],
    ['without a node', pod('a', '', ['10.244.1.5'])],
    ['with an address that cannot be read', pod('a', 'node-1', ['10.244.1'])],
  ] as const)
    test(`a pod ${what} is none`, () => assert.deepEqual(podNetworks([one]), []))

  for (const phase of ['Pending', 'Running', 'Unknown'])
    test(`a pod that is ${phase} and has an address is one`, () =>
      assert.equal(podNetworks([pod('a', 'node-1', ['10.244.1.5'], { phase })]).length, 1))

  test('an address that passes to the next pod is the one’s that is not being deleted, else the younger one’s', () => {
    const ends = pod('b', 'node-1', ['10.244.1.5'], {
      deletionTimestamp: '2026-03-02T00:00:00Z',
      creationTimestamp: '2026-04-01T00:00:00Z',
    })
    const old = pod('a', 'node-1', ['10.244.1.5', 'fd00::5'])
    const young = pod('c', 'node-2', ['10.244.1.5'], { creationTimestamp: '2026-03-03T00:00:00Z' })
    assert.deepEqual(
      podNetworks([ends, old]).map(({ name }) => name),
      ['a'],
    )
    for (const pods of [
      [old, young],
      [young, old],
    ])
      assert.deepEqual(
        podNetworks(pods)
          .map(({ name, addresses }) => [name, addresses])
          .sort(),
        [
          ['a', ['fd00::5']],
          ['c', ['10.244.1.5']],
        ],
      )
  })

  test('a pod that is the same value as before is the same value', () => {
    const one = pod('a', 'node-1', ['10.244.1.5'])
    assert.equal(podNetworks([one])[0], podNetworks([one, pod('b', 'node-1', ['10.244.1.6'])])[0])
  })

  test('what is kept of a Pod is what this needs of it', () => {
    const whole = {
      metadata: {
        namespace: 'web',
        name: 'a',
        uid: 'u',
        creationTimestamp: '2026-03-01T00:00:00Z',
        labels: { app: 'a' },
      },
      spec: { nodeName: 'node-1', containers: [{ name: 'c' }] },
      status: { phase: 'Running', podIP: '10.244.1.5', podIPs: [{ ip: '10.244.1.5' }, { ip: 'fd00::5' }] },
    }
    assert.deepEqual(projections.pod(whole), pod('a', 'node-1', ['10.244.1.5', 'fd00::5']))
    const { podIPs: _, ...status } = whole.status
    assert.deepEqual(projections.pod({ ...whole, status }).addresses, ['10.244.1.5'])
    assert.deepEqual(projections.pod({ metadata: { name: 'x' } }), {
      namespace: '',
      name: 'x',
      node: '',
      addresses: [],
      hostNetwork: false,
      phase: '',
    })
  })
})
