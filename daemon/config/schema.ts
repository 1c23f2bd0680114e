/**
 * The one schema of the agent's configuration file: shape, defaults and descriptions. The static type, the JSON Schema for
 * editors, the judgement of a file and the defaults that `podpeer config` prints all come from here.
 *
 * Formats: `ipv4` is the standard's; `ip` (an address of either family), `cidr` (a prefix without host bits) and `mac` are ours.
 */
import type { Static } from 'typebox'
import { Type } from '../../lib/schema/type.ts'
import { type FilledPeer, type FilledRange, peers, ranges, restartTime } from './peer-schema.ts'
import { policy, prefixRange } from './policy-schema.ts'
import { asNumber, closed } from './terms.ts'

const routerId = (description: string) => Type.String({ format: 'ipv4', description })

const listen = Type.Object(
  {
    addresses: Type.Optional(
      Type.Array(Type.String({ format: 'ip' }), {
        default: ['0.0.0.0', '::'],
        description: 'Where to wait for peers; an empty list: dial only',
      }),
    ),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, default: 179 })),
  },
  { ...closed, default: {} },
)

const announce = Type.Object(
  {
    podCIDRs: Type.Optional(Type.Boolean({ default: true, description: "Announce the Node's spec.podCIDRs" })),
    prefixes: Type.Optional(
      Type.Array(Type.String({ format: 'cidr' }), { default: [], description: 'Announce these as well' }),
    ),
    services: Type.Optional(
      Type.Array(Type.String({ format: 'cidr' }), {
        default: [],
        description: 'Addresses of Services to announce as well: what policies call `service`',
      }),
    ),
  },
  { ...closed, default: {} },
)

const importSettings = Type.Object(
  {
    allow: Type.Optional(
      Type.Array(prefixRange, {
        default: [],
        description:
          'What peers may tell us: the import policy `allowed`, which is the default; nothing else is installed',
      }),
    ),
  },
  { ...closed, default: {} },
)

const kernel = Type.Object(
  {
    install: Type.Optional(Type.Boolean({ default: true, description: 'Put learned routes into the kernel' })),
    table: Type.Optional(Type.Integer({ minimum: 1, maximum: 4294967295, default: 254 })),
    protocol: Type.Optional(
      Type.Integer({ minimum: 5, maximum: 255, default: 179, description: 'The mark of our own routes' }),
    ),
    metric: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 4294967295,
        default: 179,
        description:
          'Of our own routes; nothing else may use it in this table. Never 1024, which is the default of IPv6',
      }),
    ),
    maxPaths: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 256, default: 16, description: 'Most next hops of one route (ECMP)' }),
    ),
  },
  { ...closed, default: {} },
)

const station = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64, description: 'For the log' }),
    address: Type.String({ format: 'ip' }),
    port: Type.Integer({ minimum: 1, maximum: 65535 }),
  },
  closed,
)

const vtep = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'Once for each family; wins over a unit BIGIP/UNIT',
    }),
    endpoint: Type.String({ format: 'ip', description: 'Where encapsulated packets go' }),
    mac: Type.String({ format: 'mac', description: 'Of its end of the tunnel' }),
    selfIP: Type.String({ format: 'ip', description: 'Its address inside the tunnel' }),
    subnets: Type.Optional(
      Type.Array(Type.String({ format: 'cidr' }), {
        default: [],
        description: 'What else is reached through it: never the pods of other nodes',
      }),
    ),
  },
  closed,
)

const overlaySettings = Type.Object(
  {
    enabled: Type.Optional(
      Type.Boolean({ default: true, description: 'Keep the rows that lead to BIG-IPs through the tunnel of the CNI' }),
    ),
    answers: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Answer ARP and NDP for the pods of the node, where BIG-IP floods (`arp: none`); needs deploy/answers',
      }),
    ),
    device: Type.Optional(
      Type.String({ minLength: 1, description: 'For IPv4; default: the one with the VNI and port of the tunnel' }),
    ),
    device6: Type.Optional(Type.String({ minLength: 1, description: 'The same for IPv6' })),
    vni: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 16777215, default: 1, description: 'Of `vteps`; BIGIP objects say theirs' }),
    ),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, default: 8472, description: 'Of `vteps`, UDP' })),
    vteps: Type.Optional(
      Type.Array(vtep, { default: [], description: 'BIG-IPs at the other end, beside those of BIGIP objects' }),
    ),
  },
  { ...closed, default: {} },
)

const selector = Type.Object(
  {
    names: Type.Optional(Type.Array(Type.String(), { minItems: 1, description: 'Names of nodes' })),
    matchLabels: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Labels of the Node that must have just these values' }),
    ),
  },
  { ...closed, description: 'All that is given must hold; {}: every node' },
)

/** What one process is told before it knows its Node: sections chosen by labels cannot hold it. */
const processSettings = {
  kernel: Type.Optional(kernel),
  state: Type.Optional(
    Type.String({
      minLength: 1,
      default: '/run/podpeer/state.json',
      description: 'What a successor must know after a restart; on a file system that a reboot empties',
    }),
  ),
  control: Type.Optional(
    Type.Object(
      { socket: Type.Optional(Type.String({ minLength: 1, default: '/run/podpeer/agent.sock' })) },
      { ...closed, default: {}, description: 'The unix socket that the CLI asks' },
    ),
  ),
  metrics: Type.Optional(
    Type.Object(
      {
        address: Type.Optional(Type.String({ format: 'ip', default: '127.0.0.1' })),
        port: Type.Integer({ minimum: 1, maximum: 65535 }),
      },
      { ...closed, description: 'Serve /metrics, /healthz and /readyz over HTTP; absent: not at all' },
    ),
  ),
  bmp: Type.Optional(
    Type.Object(
      {
        stations: Type.Optional(
          Type.Array(station, { default: [], description: 'Are told of sessions and of what peers announce' }),
        ),
      },
      { ...closed, default: {}, description: 'BGP Monitoring Protocol (RFC 7854)' },
    ),
  ),
}

/** What may differ from node to node at any time. */
const nodeSettings = {
  asNumber: Type.Optional(asNumber('Our AS; while none is known no session runs')),
  routerId: Type.Optional(routerId('Default: the first IPv4 InternalIP of the Node, else made from its name')),
  clusterId: Type.Optional(routerId('For route reflection; default: the router id')),
  listen: Type.Optional(listen),
  announce: Type.Optional(announce),
  import: Type.Optional(importSettings),
  overlay: Type.Optional(overlaySettings),
  peers: Type.Optional(peers),
  ranges: Type.Optional(ranges),
}

const section = Type.Object({ selector, ...nodeSettings, ...processSettings }, closed)

export const agentSchema = Type.Object(
  {
    node: Type.Optional(
      Type.String({ minLength: 1, description: 'Name of this node; default: $NODE_NAME, else the host name' }),
    ),
    ...nodeSettings,
    kubernetes: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(
            Type.Boolean({ default: true, description: 'false: a plain router, this file is all it knows' }),
          ),
          kubeconfig: Type.Optional(
            Type.String({
              minLength: 1,
              description: "Default: $KUBECONFIG, ~/.kube/config, else the pod's service account",
            }),
          ),
        },
        { ...closed, default: {} },
      ),
    ),
    policies: Type.Optional(
      Type.Array(policy, { default: [], description: 'For import and export of peers, by name' }),
    ),
    gracefulRestart: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(
            Type.Boolean({ default: true, description: 'Both to restart and to help (RFC 4724)' }),
          ),
          restartTime: Type.Optional(Type.Integer({ ...restartTime, default: 120 })),
          deferralTime: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 4095,
              default: 120,
              description: 'Seconds after a restart to wait at most for the peers before old routes are swept',
            }),
          ),
        },
        { ...closed, default: {} },
      ),
    ),
    ...processSettings,
    log: Type.Optional(
      Type.Object(
        { level: Type.Optional(Type.Enum(['error', 'warn', 'info', 'debug'], { default: 'info' })) },
        { ...closed, default: {} },
      ),
    ),
    nodes: Type.Optional(
      Type.Array(section, {
        description: 'Sections for some nodes: later ones win, and Node annotations win over them',
      }),
    ),
  },
  { ...closed, title: 'podpeer agent', description: 'Configuration of `podpeer agent`: one file for all nodes' },
)

/** The file as it is written: nothing filled in. */
export type AgentFile = Static<typeof agentSchema>
type Filled<Key extends keyof AgentFile> = Required<NonNullable<AgentFile[Key]>>

/** One node's settings once every default has been filled in. */
export interface FilledFile extends Pick<AgentFile, 'asNumber' | 'routerId' | 'clusterId'> {
  readonly listen: Filled<'listen'>
  readonly announce: Filled<'announce'>
  readonly import: Filled<'import'>
  readonly overlay: FilledOverlay
  readonly kernel: Filled<'kernel'>
  readonly gracefulRestart: Filled<'gracefulRestart'>
  readonly kubernetes: { readonly enabled: boolean; readonly kubeconfig?: string }
  readonly policies: NonNullable<AgentFile['policies']>
  readonly peers: readonly FilledPeer[]
  readonly ranges: readonly FilledRange[]
  readonly state: string
  readonly control: Filled<'control'>
  readonly metrics?: Filled<'metrics'>
  readonly bmp: Filled<'bmp'>
  readonly log: Filled<'log'>
}

type OverlaySettings = NonNullable<AgentFile['overlay']>
type OverlayDevices = 'device' | 'device6'
export type FilledOverlay = Required<Omit<OverlaySettings, OverlayDevices | 'vteps'>> &
  Pick<OverlaySettings, OverlayDevices> & {
    readonly vteps: readonly Required<NonNullable<OverlaySettings['vteps']>[number]>[]
  }

export type Section = NonNullable<AgentFile['nodes']>[number]
export type VtepSettings = NonNullable<OverlaySettings['vteps']>[number]

/** For editors: JSON Schema 2020-12. */
export function jsonSchema(): Record<string, unknown> {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...agentSchema }
}
