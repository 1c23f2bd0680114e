/** What is added to a masquerading agent's list, and that nothing else ever changes there. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import {
  ADDED_ANNOTATION,
  deviceSources,
  type MasqueradePlan,
  planMasquerade,
  renderMasqueradeConfigMap,
} from '../../../lib/bigip/masquerade.ts'
import type { KubeObject } from '../../../lib/kube/object.ts'
import { facts, selfIP } from './mode/scene.ts'

const CONFIG = `# kept by the network team
nonMasqueradeCIDRs:
  - 10.0.0.0/8 # pods and nodes
masqLinkLocal: false
resyncInterval: 60s
`

/** That keep the list. */
const BIGIPS = ['edge', 'core']

function configMap(config: string | undefined, annotations = {}): KubeObject {
  return {
    metadata: { namespace: 'kube-system', name: 'ip-masq-agent', annotations },
    ...(config === undefined ? {} : { data: { config } }),
  }
}

function applied(before: KubeObject, { patch }: MasqueradePlan): KubeObject {
  if (patch === undefined) return before
  const annotations = Object.fromEntries(
    Object.entries({ ...before.metadata.annotations, ...patch.metadata.annotations }).filter(
      ([, text]) => text !== null,
    ),
  ) as Record<string, string>
  return { ...before, metadata: { ...before.metadata, annotations }, data: patch.data }
}

const listOf = (object: KubeObject): string[] => parse((object['data'] as { config: string }).config).nonMasqueradeCIDRs

describe('the masquerading agent’s list', () => {
  test('gets what is missing, and keeps every other word', () => {
    const plan = planMasquerade(configMap(CONFIG), 'edge', ['192.0.2.60/32', '10.1.10.60/32'])
    assert.deepEqual([plan.added, plan.removed], [['192.0.2.60/32'], []])
    const { config } = plan.patch!.data as { config: string }
    assert.match(config, /# kept by the network team/)
    assert.deepEqual(parse(config), {
      nonMasqueradeCIDRs: ['10.0.0.0/8', '192.0.2.60/32'],
      masqLinkLocal: false,
      resyncInterval: '60s',
    })
    assert.deepEqual(plan.patch!.metadata.annotations, { [ADDED_ANNOTATION]: '{"edge":["192.0.2.60/32"]}' })
  })

  test('is as it should be after one change, and gives back what was added when it is no longer wanted', () => {
    const first = applied(
      configMap(CONFIG),
      planMasquerade(configMap(CONFIG), 'edge', ['192.0.2.60/32', '192.0.2.61/32']),
    )
    assert.equal(planMasquerade(first, 'edge', ['192.0.2.60/32', '192.0.2.61/32']).patch, undefined)
    const second = applied(first, planMasquerade(first, 'edge', ['192.0.2.61/32']))
    assert.deepEqual(listOf(second), ['10.0.0.0/8', '192.0.2.61/32'])
    const third = applied(second, planMasquerade(second, 'edge', []))
    assert.deepEqual(listOf(third), ['10.0.0.0/8'])
    assert.equal(ADDED_ANNOTATION in third.metadata.annotations!, false)
  })

  test('what a person wrote stays, though it is not wanted, or wanted no longer', () => {
    const own = configMap('nonMasqueradeCIDRs: [10.0.0.0/8, 192.0.2.60/32]')
    assert.equal(planMasquerade(own, 'edge', ['192.0.2.60/32']).patch, undefined)
    assert.equal(planMasquerade(own, 'edge', []).patch, undefined)
  })

  test('what a person took out is added again while it is wanted', () => {
    const without = configMap(CONFIG, { [ADDED_ANNOTATION]: '{"edge":["192.0.2.60/32"]}' })
    assert.deepEqual(planMasquerade(without, 'edge', ['192.0.2.60/32']).added, ['192.0.2.60/32'])
  })

  test('has for each BIGIP what it wants: what two want stays until neither does', () => {
    const config = configMap(CONFIG)
    const one = applied(config, planMasquerade(config, 'edge', ['192.0.2.60/32', '192.0.2.61/32']))
    const both = applied(one, planMasquerade(one, 'core', ['192.0.2.61/32', '192.0.2.62/32']))
    assert.deepEqual(listOf(both), ['10.0.0.0/8', '192.0.2.60/32', '192.0.2.61/32', '192.0.2.62/32'])
    for (const [bigIp, wanted] of [
      ['edge', ['192.0.2.60/32', '192.0.2.61/32']],
      ['core', ['192.0.2.61/32', '192.0.2.62/32']],
    ] as const)
      assert.equal(planMasquerade(both, bigIp, wanted).patch, undefined, `${bigIp} has nothing to do`)
    const released = planMasquerade(both, 'edge', [])
    assert.deepEqual(released.removed, ['192.0.2.60/32'])
    const core = applied(both, released)
    assert.deepEqual(listOf(core), ['10.0.0.0/8', '192.0.2.61/32', '192.0.2.62/32'])
    assert.deepEqual(listOf(applied(core, planMasquerade(core, 'core', []))), ['10.0.0.0/8'])
  })

  test('JSON is read as well', () => {
    const plan = planMasquerade(configMap('{"nonMasqueradeCIDRs":["10.0.0.0/8"]}'), 'edge', ['192.0.2.60/32'])
    assert.deepEqual(parse(plan.patch!.data['config']!).nonMasqueradeCIDRs, ['10.0.0.0/8', '192.0.2.60/32'])
  })

  test('an address of IPv6 is added only where the agent speaks it', () => {
    assert.equal(planMasquerade(configMap(CONFIG), 'edge', ['fd00:1:10::60/128']).patch, undefined)
    const both = configMap('nonMasqueradeCIDRs: [10.0.0.0/8, "fd00:9::/64"]')
    assert.deepEqual(planMasquerade(both, 'edge', ['fd00:1:10::60/128']).added, ['fd00:1:10::60/128'])
  })

  for (const [what, config] of [
    ['no config', undefined],
    ['an empty config', ''],
    ['no list', 'masqLinkLocal: true'],
    ['an empty list', 'nonMasqueradeCIDRs: []'],
    ['a list of other things', 'nonMasqueradeCIDRs: [1, 2]'],
    ['text that is no YAML', 'nonMasqueradeCIDRs: [10.0.0.0/8'],
    ['a scalar', 'x'],
  ] as const)
    test(`with ${what} it is left alone, and told`, () => {
      const plan = planMasquerade(configMap(config), 'edge', ['192.0.2.60/32'])
      assert.equal(plan.patch, undefined)
      assert.deepEqual(
        plan.findings.map(({ code }) => code),
        ['masquerade-no-list'],
      )
    })

  test('through any history no entry of others is lost, and in the end none of ours is left', () => {
    const entry = fc.integer({ min: 1, max: 9 }).map(number => `192.0.2.${number}/32`)
    const step = fc.record({ bigIp: fc.constantFrom(...BIGIPS), wanted: fc.uniqueArray(entry, { maxLength: 5 }) })
    fc.assert(
      fc.property(fc.uniqueArray(entry, { maxLength: 4 }), fc.array(step, { maxLength: 6 }), (others, steps) => {
        const theirs = ['10.0.0.0/8', ...others]
        const wants = new Map<string, readonly string[]>()
        let now = configMap(`nonMasqueradeCIDRs: ${JSON.stringify(theirs)}`)
        for (const { bigIp, wanted } of [...steps, ...BIGIPS.map(name => ({ bigIp: name, wanted: [] }))]) {
          wants.set(bigIp, wanted)
          now = applied(now, planMasquerade(now, bigIp, wanted))
          assert.deepEqual(new Set(listOf(now)), new Set([...theirs, ...[...wants.values()].flat()]))
          assert.equal(planMasquerade(now, bigIp, wanted).patch, undefined)
        }
        assert.deepEqual(listOf(now), theirs)
        assert.equal(ADDED_ANNOTATION in now.metadata.annotations!, false)
      }),
      { numRuns: 200 },
    )
  })
})

test('what pods may see a device come from: self IPs and SNAT pools of its route domain', () => {
  const device = facts({
    selfIPs: [
      selfIP('/Common/a', '10.1.10.60/24'),
      selfIP('/Common/b', '10.9.0.1%7/24'),
      selfIP('/k8s/c', '10.8.0.1/24'),
    ],
    snatPools: [{ path: '/Common/pool', members: ['192.0.2.7', '10.1.10.60'] }],
    partitions: new Map([
      ['Common', 0],
      ['k8s', 7],
    ]),
  })
  assert.deepEqual(deviceSources(device, 0), ['10.1.10.60/32', '192.0.2.7/32'])
  assert.deepEqual(deviceSources(device, 7), ['10.8.0.1/32', '10.9.0.1/32'])
})

test('a whole ConfigMap has the built-in ranges, those of Cilium for Cilium, and what they leave out', () => {
  const where = { namespace: 'kube-system', name: 'ip-masq-agent' }
  const content = { sources: ['10.1.10.60/32', '198.51.100.7/32'], clusterCIDRs: ['100.64.0.0/16'] }
  const object = parse(renderMasqueradeConfigMap(where, { ...content, cni: 'calico' }))
  assert.deepEqual([object.kind, object.metadata], ['ConfigMap', where])
  assert.deepEqual(parse(object.data.config).nonMasqueradeCIDRs, [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/16',
    '198.51.100.7/32',
  ])
  const cilium = parse(renderMasqueradeConfigMap(where, { ...content, cni: 'cilium' }))
  assert.equal(parse(cilium.data.config).nonMasqueradeCIDRs.length, 11)
})
