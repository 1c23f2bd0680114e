/** What is particular to a kind: defaults, its own rules, its status. */
import { type Case, MERGE } from '../scene.ts'

const NODES = '/api/v1/nodes'
const FORBIDDEN = 'apis/rbac.authorization.k8s.io/v1'

export const kindCases: readonly Case[] = [
  {
    name: 'podCIDRs of a Node',
    play: async scene => {
      const node = (name: string, spec: object) => ({ metadata: { name }, spec })
      await scene.ask('POST', NODES, node('bare', {}))
      await scene.ask('POST', NODES, node('one', { podCIDR: '10.0.0.0/24' }))
      await scene.ask('POST', NODES, node('differ', { podCIDR: '10.0.3.0/24', podCIDRs: ['10.0.4.0/24'] }))
      await scene.ask('POST', NODES, node('bad1', { podCIDR: '10.0.0.0/33' }))
      await scene.patch(`${NODES}/bare`, MERGE, { spec: { podCIDR: '10.0.9.0/24' } })
      await scene.patch(`${NODES}/bare`, MERGE, { spec: { podCIDR: '10.0.8.0/24' } })
      await scene.patch(`${NODES}/bare`, MERGE, { spec: { podCIDR: null, podCIDRs: null } })
      await scene.patch(`${NODES}/bare`, MERGE, { spec: { podCIDRs: null } })
      await scene.patch(`${NODES}/bare`, MERGE, { spec: { podCIDR: null } })
    },
  },
  {
    name: 'podCIDRs of a Node with two families',
    since: 23,
    play: async scene => {
      const node = (name: string, spec: object) => ({ metadata: { name }, spec })
      await scene.ask('POST', NODES, node('bare', { podCIDR: '10.0.9.0/24' }))
      await scene.ask('POST', NODES, node('two', { podCIDRs: ['10.0.1.0/24', 'fd00::/64'] }))
      await scene.ask('POST', NODES, node('both', { podCIDR: '10.0.2.0/24', podCIDRs: ['10.0.2.0/24', 'fd00:2::/64'] }))
      await scene.ask('POST', NODES, node('bad2', { podCIDRs: ['10.0.0.0/24', '10.0.1.0/24'] }))
      await scene.ask('POST', NODES, node('bad3', { podCIDRs: ['10.0.0.0/24', 'fd00::/64', 'fd01::/64'] }))
      await scene.ask('POST', NODES, node('bad4', { podCIDRs: ['10.0.0.1/24', 'text'] }))
      await scene.patch(`${NODES}/bare`, MERGE, { spec: { podCIDRs: ['10.0.9.0/24', 'fd00:9::/64'] } })
    },
  },
  {
    name: 'rules for a Node',
    play: async scene => {
      let count = 0
      const node = (spec: object) => ({ metadata: { name: `n${++count}` }, spec })
      await scene.ask('POST', NODES, node({ taints: [{ key: 'a', effect: 'Wrong' }] }))
      await scene.ask('POST', NODES, node({ taints: [{ key: '', effect: 'NoSchedule' }] }))
      await scene.ask(
        'POST',
        NODES,
        node({
          taints: [
            { key: 'a', effect: 'NoSchedule' },
            { key: 'a', effect: 'NoSchedule' },
          ],
        }),
      )
      await scene.ask(
        'POST',
        NODES,
        node({ providerID: 'p://1', externalID: 'e', taints: [{ key: 'a', value: 'b', effect: 'NoExecute' }] }),
      )
      await scene.patch(`${NODES}/n4`, MERGE, { spec: { providerID: 'p://2' } })
      await scene.patch(`${NODES}/n4`, MERGE, { spec: { unschedulable: false } })
      await scene.patch(`${NODES}/n4`, MERGE, { spec: null })
    },
  },
  {
    name: 'the status of a Node',
    play: async scene => {
      const status = {
        phase: 'Running',
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
        nodeInfo: { kubeletVersion: 'v1' },
      }
      await scene.ask('POST', NODES, { metadata: { name: 'n' }, status })
      await scene.patch(`${NODES}/n`, MERGE, { status: { phase: 'Terminated' }, metadata: { labels: { a: 'b' } } })
      await scene.patch(`${NODES}/n/status`, MERGE, {
        status: { phase: 'Terminated' },
        metadata: { labels: { c: 'd' }, annotations: { e: 'f' } },
        spec: { unschedulable: true },
      })
      await scene.get(`${NODES}/n/status`)
      const { body } = await scene.get(`${NODES}/n`)
      await scene.ask('PUT', `${NODES}/n/status`, { ...body, status: { phase: 'Pending' } })
      await scene.ask('PUT', `${NODES}/n/status`, body)
      await scene.ask('DELETE', `${NODES}/n/status`)
      await scene.ask('POST', `${NODES}/n/status`, body)
    },
  },
  {
    name: 'finalizers through the status',
    play: async scene => {
      await scene.ask('POST', NODES, { metadata: { name: 'n', finalizers: ['example.com/hold'] } })
      await scene.ask('DELETE', `${NODES}/n`)
      await scene.patch(`${NODES}/n/status`, MERGE, { metadata: { finalizers: null } })
      await scene.get(`${NODES}/n`)
      await scene.quietly('PATCH', `${NODES}/n`, { metadata: { finalizers: null } }, { type: MERGE })
    },
  },
  {
    name: 'Services',
    play: async scene => {
      const services = scene.path('services')
      const make = (name: string, spec: object) => scene.ask('POST', services, { metadata: { name }, spec })
      await make('headless', { clusterIP: 'None', ports: [{ port: 80 }] })
      await make('named', {
        clusterIP: 'None',
        ports: [
          { port: 80, name: 'a', targetPort: 'web' },
          { port: 81, name: 'b', protocol: 'UDP' },
        ],
      })
      await make('plain', { clusterIP: '10.0.3.3', ports: [{ port: 80 }] })
      await make('balanced', { type: 'LoadBalancer', clusterIP: '10.0.3.4', ports: [{ port: 80, nodePort: 30080 }] })
      await make('outside', { type: 'ExternalName', externalName: 'example.com' })
      await make('none', { clusterIP: 'None' })
      await make('bare', {})
      await make('wrong1', { type: 'Wrong', ports: [{ port: 80 }] })
      await make('wrong2', { clusterIP: 'None', ports: [{ port: 0 }] })
      await make('wrong3', { clusterIP: 'None', ports: [{ port: 80 }, { port: 81 }] })
      await make('wrong4', {
        clusterIP: 'None',
        ports: [
          { port: 80, name: 'a' },
          { port: 81, name: 'a' },
        ],
      })
      await make('wrong5', { clusterIP: 'None', ports: [{ port: 80, protocol: 'IP' }] })
      await make('wrong6', { clusterIP: 'text', ports: [{ port: 80 }] })
      await make('Wrong.Name', { clusterIP: 'None', ports: [{ port: 80 }] })
      await scene.patch(`${services}/plain`, MERGE, { spec: { clusterIP: '10.0.3.5' } })
      await scene.patch(`${services}/balanced/status`, MERGE, {
        status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
      })
      await scene.patch(`${services}/plain`, MERGE, { spec: { selector: { a: 'b' } } })
    },
  },
  {
    name: 'an address for each Service',
    play: async scene => {
      const services = scene.path('services')
      const pick = ({ spec }: { spec: { clusterIP: string; type: string } }) => [
        /^10\.\d+\.\d+\.\d+$/.test(spec.clusterIP),
        spec.type,
      ]
      await scene.ask('POST', services, { metadata: { name: 'one' }, spec: { ports: [{ port: 80 }] } }, { pick })
      await scene.ask(
        'POST',
        services,
        { metadata: { name: 'two' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } },
        {
          pick: ({ spec }) => [/^10\./.test(spec.clusterIP), spec.ports[0].nodePort >= 30000],
        },
      )
    },
  },
  {
    name: 'Pods',
    play: async scene => {
      const pods = scene.path('pods')
      const pod = (name: string, spec: object) => ({ metadata: { name, labels: { app: 'a' } }, spec })
      await scene.ask(
        'POST',
        pods,
        pod('one', { nodeName: 'n', containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] }),
      )
      await scene.ask('POST', pods, pod('none', { containers: [] }))
      await scene.ask('POST', pods, pod('bare', {}))
      await scene.ask('POST', pods, pod('wrong1', { containers: [{ name: 'Bad_Name', image: 'i' }] }))
      await scene.ask('POST', pods, pod('wrong2', { containers: [{ name: 'c' }] }))
      await scene.patch(`${pods}/one`, MERGE, { spec: { nodeName: 'm' } })
      await scene.patch(`${pods}/one`, MERGE, { metadata: { labels: { b: 'c' } } })
      await scene.patch(`${pods}/one/status`, MERGE, {
        status: { phase: 'Running', podIP: '10.244.1.2', podIPs: [{ ip: '10.244.1.2' }] },
      })
      await scene.get(`${pods}?fieldSelector=spec.nodeName%3Dn`, { pick: ({ items }) => items.length })
      await scene.get(`${pods}?fieldSelector=status.phase%3DRunning%2Cspec.nodeName!%3Dm`, {
        pick: ({ items }) => items.length,
      })
      await scene.ask('DELETE', `${pods}/one?gracePeriodSeconds=0`)
    },
  },
  {
    name: 'a Pod dies gracefully',
    play: async scene => {
      const pods = scene.path('pods')
      const pick = ({ kind, metadata }: { kind: string; metadata: object }) => [kind, metadata]
      await scene.quietly('POST', pods, {
        metadata: { name: 'one' },
        spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
      })
      await scene.ask('DELETE', `${pods}/one`, undefined, { pick })
      await scene.ask('DELETE', `${pods}/one`, { gracePeriodSeconds: 5 }, { pick })
      await scene.ask('DELETE', `${pods}/one`, { gracePeriodSeconds: 0 }, { pick })
      await scene.get(`${pods}/one`)
    },
  },
  {
    name: 'Leases',
    play: async scene => {
      const leases = scene.path('leases', 'apis/coordination.k8s.io/v1')
      const spec = {
        holderIdentity: 'a',
        leaseDurationSeconds: 15,
        renewTime: '2026-01-01T00:00:00.000000Z',
        leaseTransitions: 0,
      }
      await scene.ask('PUT', `${leases}/leader`, { metadata: { name: 'leader' }, spec })
      const { body } = await scene.get(`${leases}/leader`)
      await scene.ask('PUT', `${leases}/leader`, { ...body, spec: { ...spec, holderIdentity: 'b' } })
      await scene.ask('PUT', `${leases}/leader`, { ...body, spec: { ...spec, holderIdentity: 'c' } })
      await scene.ask('POST', leases, { metadata: { name: 'wrong1' }, spec: { leaseDurationSeconds: 0 } })
      await scene.ask('POST', leases, { metadata: { name: 'wrong2' }, spec: { leaseTransitions: -1 } })
      await scene.ask('POST', leases, { metadata: { name: 'wrong3' }, spec: { renewTime: 'now' } })
      await scene.ask('PUT', `${leases}/other`, { metadata: { name: 'other', resourceVersion: '5' }, spec })
      await scene.ask('PUT', `${leases}/other`, { metadata: {}, spec })
    },
  },
  {
    name: 'Events',
    play: async scene => {
      const events = scene.path('events')
      const event = (name: string, more: object = {}) => ({
        metadata: { name },
        involvedObject: { kind: 'ConfigMap', name: 'm', namespace: scene.namespace },
        reason: 'Tested',
        message: 'all is well',
        type: 'Normal',
        source: { component: 'tester' },
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:00Z',
        count: 1,
        ...more,
      })
      await scene.ask('POST', events, event('a'))
      await scene.patch(`${events}/a`, MERGE, { count: 2 })
      await scene.ask('POST', events, event('b', { involvedObject: { kind: 'Node', name: 'n' } }))
      await scene.ask(
        'POST',
        scene.path('events').replace(scene.namespace, 'default'),
        event('c', { involvedObject: { kind: 'Node', name: 'n' } }),
        { pick: ({ kind, reason }) => [kind, reason] },
      )
      await scene.get(`${events}?fieldSelector=involvedObject.name%3Dm,type%3DNormal`, {
        pick: ({ items }) => items.length,
      })
      await scene.ask('PUT', `${events}/d`, event('d'))
    },
  },
  {
    name: 'ServiceAccounts',
    play: async scene => {
      const accounts = scene.path('serviceaccounts')
      await scene.ask('POST', accounts, { metadata: { name: 'agent' } })
      await scene.patch(`${accounts}/agent`, MERGE, {
        automountServiceAccountToken: false,
        imagePullSecrets: [{ name: 'pull' }],
      })
      await scene.get(`${accounts}/agent`)
      await scene.ask(
        'POST',
        `${accounts}/agent/token`,
        { spec: { audiences: ['https://kubernetes.default.svc'], expirationSeconds: 3600 } },
        {
          pick: ({ kind, spec, message }) => [kind, spec?.expirationSeconds, message],
        },
      )
      await scene.ask('POST', `${accounts}/none/token`, { spec: {} })
    },
  },
  {
    name: 'EndpointSlices',
    since: 21,
    play: async scene => {
      const slices = scene.path('endpointslices', 'apis/discovery.k8s.io/v1')
      const slice = {
        metadata: { name: 'a', labels: { 'kubernetes.io/service-name': 's' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.0.0.1'], nodeName: 'n' }],
        ports: [{ port: 80 }],
      }
      await scene.ask('POST', slices, slice)
      await scene.patch(`${slices}/a`, MERGE, { addressType: 'IPv6' })
    },
  },
  {
    name: 'workloads',
    play: async scene => {
      const labels = { app: 'a' }
      const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }
      const spec = { selector: { matchLabels: labels }, template }
      // defaults of pod templates are one story, told by Pods
      const pick = ({ spec, ...rest }: { spec?: { template?: unknown } }) => ({
        ...rest,
        ...(spec && { spec: { ...spec, template: undefined } }),
      })
      for (const plural of ['deployments', 'daemonsets']) {
        const path = scene.path(plural, 'apis/apps/v1')
        await scene.ask('POST', path, { metadata: { name: 'one' }, spec }, { pick })
        await scene.patch(`${path}/one`, MERGE, { metadata: { labels: { x: 'y' } } }, { pick })
        await scene.patch(`${path}/one`, MERGE, { spec: { minReadySeconds: 5 } }, { pick })
        await scene.patch(`${path}/one/status`, MERGE, { status: { observedGeneration: 2 } }, { pick })
        await scene.patch(`${path}/one`, MERGE, { spec: { selector: { matchLabels: { app: 'b' } } } }, { pick })
        await scene.ask('POST', path, { metadata: { name: 'two' }, spec: { template } }, { pick })
        await scene.ask('DELETE', `${path}/one`)
      }
    },
  },
  {
    name: 'Ingresses',
    play: async scene => {
      const path = scene.path('ingresses', 'apis/networking.k8s.io/v1')
      const backend = { service: { name: 's', port: { number: 80 } } }
      await scene.ask('POST', path, {
        metadata: { name: 'one' },
        spec: { rules: [{ host: 'a.example', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
      })
      await scene.patch(`${path}/one`, MERGE, { spec: { ingressClassName: 'f5' } })
      await scene.patch(`${path}/one/status`, MERGE, { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } })
    },
  },
  {
    name: 'roles and bindings',
    play: async scene => {
      const roles = scene.path('roles', FORBIDDEN)
      const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }]
      await scene.ask('POST', roles, { metadata: { name: 'reader' }, rules })
      await scene.ask('POST', roles, { metadata: { name: 'wrong' }, rules: [{ apiGroups: [''], resources: ['x'] }] })
      const bindings = scene.path('rolebindings', FORBIDDEN)
      const binding = {
        metadata: { name: 'one' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'agent', namespace: scene.namespace }],
      }
      await scene.ask('POST', bindings, binding)
      await scene.patch(`${bindings}/one`, MERGE, { roleRef: { name: 'other' } })
      await scene.ask('POST', `/${FORBIDDEN}/clusterroles`, { metadata: { name: `${scene.namespace}-all` }, rules })
    },
  },
  {
    name: 'a ServiceAccount is held to its roles',
    play: async scene => {
      const accounts = scene.path('serviceaccounts')
      await scene.quietly('POST', accounts, { metadata: { name: 'agent' } })
      const made = await scene.quietly('POST', `${accounts}/agent/token`, { spec: { expirationSeconds: 3600 } })
      const token = String(made.body.status?.token)
      await scene.get('/api/v1/nodes', { token })
      await scene.get(scene.path('configmaps/x'), { token })
      await scene.ask('POST', scene.path('configmaps'), { metadata: { name: 'x' } }, { token })
      await scene.patch('/api/v1/nodes/n/status', MERGE, {}, { token })
      await scene.ask('DELETE', '/api/v1/nodes', undefined, { token })
      const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'create'] }]
      await scene.quietly('POST', scene.path('roles', FORBIDDEN), { metadata: { name: 'r' }, rules })
      await scene.quietly('POST', scene.path('rolebindings', FORBIDDEN), {
        metadata: { name: 'b' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
        subjects: [{ kind: 'ServiceAccount', name: 'agent', namespace: scene.namespace }],
      })
      // the real server's authorizer follows by a watch of its own
      await new Promise(resolve => setTimeout(resolve, 1000))
      await scene.ask('POST', scene.path('configmaps'), { metadata: { name: 'x' } }, { token })
      await scene.get(scene.path('configmaps/x'), { token })
      await scene.ask('DELETE', scene.path('configmaps/x'), undefined, { token })
      await scene.get('/api/v1/configmaps', { token })
      const review = (resourceAttributes: object) => ({
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      })
      const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
      const pick = ({ kind, status, message }: { kind: string; status: { allowed: boolean }; message?: string }) => [
        kind,
        status?.allowed,
        message,
      ]
      await scene.ask('POST', reviews, review({ verb: 'get', resource: 'configmaps', namespace: scene.namespace }), {
        token,
        pick,
      })
      await scene.ask('POST', reviews, review({ verb: 'delete', resource: 'configmaps', namespace: scene.namespace }), {
        token,
        pick,
      })
      await scene.ask('POST', reviews, review({ verb: 'get', resource: 'nodes' }), { token, pick })
    },
  },
]
