import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { podAddresses, podsOf } from '../../../daemon/agent/local-pods.ts'
import { type KubeObject, projections } from '../../../lib/kube/object.ts'
import { podView } from './played-world.ts'

const addresses = (...pods: Parameters<typeof podView>[0][]) => podAddresses(pods.map(podView), 'node-1')

describe('the pods of a node', () => {
  it('are watched by the name of their node, and no others', () => {
    assert.deepEqual(podsOf('node-1'), {
      path: '/api/v1/pods',
      fieldSelector: 'spec.nodeName=node-1',
      project: 'pod',
    })
  })

  it('have addresses of both families, in their canonical form and each once', () => {
    assert.deepEqual(
      addresses({ addresses: ['10.244.1.3', 'FD00:10:244:1:0::3'] }, { name: 'other', addresses: ['10.244.1.2'] }),
      ['10.244.1.2', '10.244.1.3', 'fd00:10:244:1::3'],
    )
    assert.deepEqual(addresses({ addresses: ['10.244.1.3'] }, { name: 'twin', addresses: ['10.244.1.3'] }), [
      '10.244.1.3',
    ])
  })

  it('count while they run, also when they are to end, and not before or after', () => {
    assert.deepEqual(addresses({ deletionTimestamp: '2026-01-01T00:00:00Z' }), ['10.244.1.2'])
    for (const phase of ['Pending', 'Succeeded', 'Failed', 'Unknown']) assert.deepEqual(addresses({ phase }), [], phase)
  })

  it('count only with addresses of their own, on the node that is meant', () => {
    assert.deepEqual(addresses({ hostNetwork: true }), [])
    assert.deepEqual(addresses({ addresses: [] }), [])
    assert.deepEqual(addresses({ addresses: ['nonsense', '10.244.1.9'] }), ['10.244.1.9'])
    assert.deepEqual(addresses({ node: 'node-2' }), [])
  })

  it('are what the API says of them', () => {
    const pod: KubeObject = {
      metadata: { name: 'shop', namespace: 'web' },
      spec: { nodeName: 'node-1' },
      status: { phase: 'Running', podIP: '10.244.1.2', podIPs: [{ ip: '10.244.1.2' }, { ip: 'fd00:10:244:1::2' }] },
    }
    assert.deepEqual(podAddresses([projections.pod(pod)], 'node-1'), ['10.244.1.2', 'fd00:10:244:1::2'])
  })
})
