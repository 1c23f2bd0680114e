import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAddress } from '../../lib/base/ip.ts'
import { rowKey } from '../../lib/linux/overlay/row.ts'
import { answerRows, answerSysctls } from '../../vxlan/answers.ts'

describe('answers to ARP and NDP', () => {
  it('are one proxy neighbour for each address of the family that the device carries', () => {
    const pods = ['10.244.1.2', '10.244.1.3', 'fd00:10:244:1::2'].map(text => parseAddress(text))
    assert.deepEqual(answerRows(pods, 'flannel.1', 4).map(rowKey), [
      'proxy 10.244.1.2 dev flannel.1',
      'proxy 10.244.1.3 dev flannel.1',
    ])
    assert.deepEqual(answerRows(pods, 'flannel-v6.1', 6).map(rowKey), ['proxy fd00:10:244:1::2 dev flannel-v6.1'])
  })

  it('are for no address beside these in IPv4, given at all in IPv6, and at once in both', () => {
    assert.deepEqual(answerSysctls('flannel.1', 4), [
      { name: 'net/ipv4/conf/flannel.1/proxy_arp', value: '0' },
      { name: 'net/ipv4/neigh/flannel.1/proxy_delay', value: '0' },
    ])
    assert.deepEqual(answerSysctls('flannel-v6.1', 6), [
      { name: 'net/ipv6/conf/flannel-v6.1/proxy_ndp', value: '1' },
      { name: 'net/ipv6/neigh/flannel-v6.1/proxy_delay', value: '0' },
    ])
  })
})
