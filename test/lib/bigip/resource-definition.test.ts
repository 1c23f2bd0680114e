import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { judgeBigIp, parseBigIp } from '../../../lib/bigip/resource.ts'
import { bigIpDefinition } from '../../../lib/bigip/resource-definition.ts'
import type { KubeObject } from '../../../lib/kube/object.ts'
import { ruleCauses } from '../../kube/cel-rules.ts'
import { definitionCauses } from '../../kube/custom-resource-definition.ts'
import type { Json, JsonObject } from '../../kube/json.ts'
import type { Schema } from '../../kube/schema.ts'
import { schemaCauses } from '../../kube/schema-validation.ts'
import { conform } from '../../kube/structural-schema.ts'

const PUBLISHED = new URL('../../../deploy/crds/bigips.podpeer.io.yaml', import.meta.url)
const definition = JSON.parse(JSON.stringify(bigIpDefinition()))
const schema: Schema = definition.spec.versions[0].schema.openAPIV3Schema

const bigIp = (spec?: object): KubeObject => ({
  apiVersion: 'podpeer.io/v1alpha1',
  kind: 'BIGIP',
  metadata: { name: 'bigip' },
  ...(spec && { spec }),
})

/** What an API server says of a new object, or of one that was another before. */
function serverSays(object: KubeObject, old?: KubeObject): string[] {
  const value = conform(object as unknown as JsonObject, schema)
  const before = old && conform(old as unknown as JsonObject, schema)
  return [...schemaCauses(value, schema, ''), ...ruleCauses(value, before as Json, schema, '')].map(
    ({ field, message }) => `${field}: ${message}`,
  )
}

describe('the definition of BIGIP objects', () => {
  it('is what deploy/ has: write it with `npm run manifests`', () => {
    assert.deepEqual(parse(readFileSync(PUBLISHED, 'utf8')), definition)
  })

  it('is one that an API server takes', () => {
    assert.deepEqual(definitionCauses(definition, undefined), [])
  })

  it('has the same defaults for an API server and for a file', () => {
    for (const spec of [undefined, {}, { units: [{ address: '192.0.2.10' }], masquerade: {} }]) {
      const served = conform(bigIp(spec) as unknown as JsonObject, schema) as unknown as KubeObject
      assert.deepEqual(parseBigIp(served).spec, parseBigIp(bigIp(spec)).spec)
    }
  })
})

describe('a server and podpeer take', () => {
  const good: Record<string, object> = {
    nothing: {},
    'a device by its address': { units: [{ address: '192.0.2.10' }] },
    'a device by host and port': { units: [{ address: 'bigip.example.com:8443' }] },
    'a device by URL': { units: [{ address: 'https://192.0.2.10:8443/' }] },
    'a device by an IPv6 address': { units: [{ address: '2001:db8::10' }] },
    'a device by an IPv6 URL': { units: [{ address: 'https://[2001:db8::10]:8443' }] },
    'a pair': { units: [{ address: '192.0.2.10' }, { address: '192.0.2.11' }] },
    'a pair by names': {
      units: [
        { name: 'a', address: '192.0.2.10' },
        { name: 'b', address: '192.0.2.11' },
      ],
    },
    'self IPs of both families': { units: [{ tunnel: { selfIPs: ['10.244.255.1/16', 'fd00:42::1/64'] } }] },
    'a pinned certificate': { units: [{ fingerprint: `sha256:${'0a:'.repeat(31)}0a` }] },
    'credentials of a directory': { credentials: { directory: '/etc/bigip' } },
    'a tunnel of others, all of whose records are ours': {
      manage: { tunnel: false },
      tunnel: { name: '/Common/fl-tunnel', shared: false },
    },
    'a tunnel of others': { manage: { tunnel: false }, tunnel: { name: '/Common/fl-tunnel', shared: true } },
    reflectors: {
      bgp: { peers: 'reflector' },
      reflector: { nodeSelector: { matchLabels: { 'podpeer.io/reflector': '' } } },
    },
    'sessions that never time out': { bgp: { holdTime: 0 } },
    'what is said out loud to be insecure': { tls: { insecure: true } },
  }
  for (const [what, spec] of Object.entries(good))
    it(what, () => {
      assert.deepEqual(judgeBigIp(bigIp(spec)), [])
      assert.deepEqual(serverSays(bigIp(spec)), [])
    })
})

describe('a server and podpeer refuse', () => {
  const bad: Record<string, [spec: object, field: string]> = {
    'an empty list of units': [{ units: [] }, 'spec.units'],
    'three units': [{ units: ['1', '2', '3'].map(last => ({ address: `192.0.2.${last}` })) }, 'spec.units'],
    'a pair without addresses': [{ units: [{ name: 'a' }, { name: 'b' }] }, 'spec.units'],
    'a pair at one address': [{ units: [{ address: '192.0.2.10' }, { address: '192.0.2.10' }] }, 'spec.units'],
    'an address with a path': [{ units: [{ address: 'https://bigip/mgmt' }] }, 'spec.units[0].address'],
    'a self IP without a length': [
      { units: [{ tunnel: { selfIPs: ['10.1.2.3'] } }] },
      'spec.units[0].tunnel.selfIPs[0]',
    ],
    'two sources of credentials': [{ credentials: { secret: 'a', directory: '/b' } }, 'spec.credentials'],
    'two ways to trust': [{ tls: { caFile: '/ca.crt', insecure: true } }, 'spec.tls'],
    'a mode that is none': [{ mode: 'vxlan' }, 'spec.mode'],
    'a cluster that is no part of a name': [{ cluster: 'My Cluster' }, 'spec.cluster'],
    'a hold time below three keepalives': [{ bgp: { holdTime: 60, keepaliveTime: 30 } }, 'spec.bgp'],
    'an AS number of 0': [{ bgp: { asNumber: 0 } }, 'spec.bgp.asNumber'],
    'reflectors on no node': [{ bgp: { peers: 'reflector' } }, 'spec'],
    'a verified tunnel without a name': [{ manage: { tunnel: false } }, 'spec'],
    'a shared tunnel of our own': [{ tunnel: { shared: true } }, 'spec'],
    'a tunnel by half a path': [{ tunnel: { name: 'fl-tunnel' } }, 'spec.tunnel.name'],
    'a reading of the device each second': [{ resyncInterval: 1 }, 'spec.resyncInterval'],
  }
  for (const [what, [spec, field]] of Object.entries(bad))
    it(what, () => {
      assert.deepEqual(new Set(judgeBigIp(bigIp(spec)).map(({ path }) => path)), new Set([field]))
      const said = serverSays(bigIp(spec))
      assert.ok(said.length > 0)
      for (const one of said) assert.ok(one.startsWith(`${field}: `), one)
    })

  it('a field that nobody knows, which the server drops', () => {
    assert.deepEqual(judgeBigIp(bigIp({ unit: [] })), [
      { path: 'spec.unit', problem: 'unknown key', fix: 'did you mean units?' },
    ])
  })

  it('a later change of what names on the device hold', () => {
    const before = bigIp({ cluster: 'c1' })
    assert.deepEqual(serverSays(bigIp({ cluster: 'c1', mode: 'static' }), before), [])
    for (const spec of [{}, { cluster: 'c2' }, { cluster: 'c1', partition: 'k8s' }, { cluster: 'c1', routeDomain: 1 }])
      assert.match(serverSays(bigIp(spec), before).join(), /cannot change/)
  })
})
