import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { UnitStatus } from '../../../lib/bigip/resource.ts'
import { judgeStandIns } from '../../../lib/bigip/stand-in.ts'
import type { ClusterNetwork } from '../../../lib/cni/network.ts'

const NETWORK: ClusterNetwork = {
  cni: 'flannel',
  detectedFrom: '',
  clusterCIDRs: ['10.244.0.0/16'],
  nodeLengths: { 4: 24 },
  nodes: [],
  exclusions: [],
  standIns: [{ name: 'bigip1', endpoints: ['10.1.10.60'], podCIDRs: ['10.244.20.0/24'] }],
}

function judge(unit: Partial<UnitStatus>, network: Partial<ClusterNetwork> = {}) {
  const units = [{ name: 'a', vtep: { address: '10.1.10.60', mac: '00:50:56:00:00:60' }, ...unit }]
  return judgeStandIns({ ...NETWORK, ...network }, [{ metadata: { name: 'bigip', uid: 'u' }, status: { units } }])[0]!
}

describe('a Node that stands for a BIG-IP', () => {
  it('may go when BIG-IP has another subnet, which no node can be given', () => {
    const { node, units, obstacles } = judge({ tunnelSubnets: ['10.245.255.0/24'] })
    assert.deepEqual([node, units, obstacles], ['bigip1', ['bigip/a'], []])
  })

  it('must stay while it alone keeps BIG-IP’s subnet from being handed out', () => {
    const [obstacle] = judge({ tunnelSubnets: ['10.244.20.0/24'] }).obstacles
    assert.match(
      obstacle!.cause,
      /10\.244\.20\.0\/24 of bigip\/a is kept free only by Node bigip1, which holds 10\.244\.20\.0\/24/,
    )
    assert.match(obstacle!.remedy, /such as 10\.245\.255\.1\/15 if nothing else has that subnet/)
  })

  it('must stay where the range of the cluster is not known, and as long as BIG-IP’s subnet lies in it at all', () => {
    assert.equal(judge({ tunnelSubnets: ['10.244.20.0/24'] }, { clusterCIDRs: [] }).obstacles.length, 1)
    assert.deepEqual(judge({ tunnelSubnets: ['10.245.255.0/24'] }, { clusterCIDRs: [] }).obstacles, [])
    assert.match(judge({ tunnelSubnets: ['10.244.99.0/24'] }).obstacles[0]!.cause, /lies in 10\.244\.0\.0\/16/)
  })

  it('must stay while agents cannot have the rows', () => {
    assert.match(judge({ vtep: { address: '10.1.10.99' } }).obstacles[0]!.cause, /no BIGIP has a VTEP at 10\.1\.10\.60/)
    assert.match(
      judge({ vtep: { address: '10.1.10.60' }, tunnelSubnets: [] }).obstacles[0]!.cause,
      /MAC address of the tunnel of bigip\/a is not known/,
    )
  })
})
