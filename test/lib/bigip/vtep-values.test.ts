/** What Cilium is to be told of devices: lists by position, with room for eight and one mask. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { judgeVteps, type VtepUnit, vtepValues } from '../../../lib/bigip/vtep-values.ts'

const unit = (number: number, more: Partial<VtepUnit> = {}): VtepUnit => ({
  unit: `bigip-${number}`,
  address: `10.1.10.${number}`,
  mac: `00:50:56:00:00:${String(number).padStart(2, '0')}`,
  tunnelSubnets: [`10.1.${number}.0/24`],
  ...more,
})
const entry = (number: number) => ({
  endpoint: `10.1.10.${number}`,
  cidr: `10.1.${number}.0/24`,
  mac: `00:50:56:00:00:${String(number).padStart(2, '0')}`,
})
const codesOf = (findings: readonly { readonly code: string }[]) => findings.map(({ code }) => code)

describe('values for Cilium', () => {
  test('one entry per unit, by position, as Helm values and as keys of cilium-config', () => {
    const { helm, configMap, findings } = vtepValues([unit(1), unit(2)])
    assert.deepEqual(configMap, {
      'enable-vtep': 'true',
      'vtep-endpoint': '10.1.10.1 10.1.10.2',
      'vtep-cidr': '10.1.1.0/24 10.1.2.0/24',
      'vtep-mask': '255.255.255.0',
      'vtep-mac': '00:50:56:00:00:01 00:50:56:00:00:02',
    })
    assert.deepEqual(parse(helm), {
      vtep: {
        enabled: true,
        endpoint: '10.1.10.1 10.1.10.2',
        cidr: '10.1.1.0/24 10.1.2.0/24',
        mask: '255.255.255.0',
        mac: '00:50:56:00:00:01 00:50:56:00:00:02',
      },
    })
    assert.deepEqual(findings, [])
  })

  test('entries of other devices stay, and ours replace what Cilium had of them', () => {
    const { configMap } = vtepValues([unit(1)], [entry(9), { ...entry(1), mac: '00:50:56:ff:ff:ff' }])
    assert.equal(configMap['vtep-endpoint'], '10.1.10.9 10.1.10.1')
    assert.equal(configMap['vtep-mac'], '00:50:56:00:00:09 00:50:56:00:00:01')
  })

  test('more than eight, several masks, and units that are not known yet are told', () => {
    const known = [1, 2, 3, 4, 5, 6, 7].map(entry)
    assert.deepEqual(codesOf(vtepValues([unit(8)], known).findings), [])
    assert.deepEqual(codesOf(vtepValues([unit(8), unit(9)], known).findings), ['cilium-vtep-limit'])
    const wide = unit(2, { tunnelSubnets: ['10.2.0.0/16'] })
    assert.deepEqual(codesOf(vtepValues([unit(1), wide]).findings), ['cilium-vtep-mask'])
    const { mac: _, ...without } = unit(2)
    const { configMap, findings } = vtepValues([unit(1), without])
    assert.deepEqual(codesOf(findings), ['vtep-not-known'])
    assert.equal(configMap['vtep-endpoint'], '10.1.10.1')
  })

  test('masks of every length are written out', () => {
    for (const [length, mask] of [
      [8, '255.0.0.0'],
      [20, '255.255.240.0'],
      [25, '255.255.255.128'],
      [32, '255.255.255.255'],
    ] as const)
      assert.equal(vtepValues([unit(1, { tunnelSubnets: [`10.0.0.0/${length}`] })]).configMap['vtep-mask'], mask)
  })
})

describe('what Cilium has been told', () => {
  for (const [what, known, codes] of [
    ['nothing, for the integration is off', undefined, ['cilium-vtep-off']],
    ['of other devices only', [entry(9)], ['cilium-vtep-missing']],
    ['all of it', [entry(9), entry(1)], []],
    ['the MAC address of a tunnel that is gone', [{ ...entry(1), mac: '00:50:56:ff:ff:ff' }], ['cilium-vtep-mac']],
    ['another subnet', [{ ...entry(1), cidr: '10.9.0.0/24' }], ['cilium-vtep-cidr']],
  ] as const)
    test(what, () => assert.deepEqual(codesOf(judgeVteps(known, [unit(1)])), codes))

  test('of a unit that is not known yet nothing is said', () => {
    const { mac: _, ...without } = unit(1)
    assert.deepEqual(judgeVteps(undefined, [without]), [])
  })
})
