/**
 * The one schema of the agent's configuration file: shape, defaults and descriptions. The static type, the JSON Schema for
 * editors, the judgement of a file and the defaults that `podpeer config` prints all come from here.
 *
 * Formats: `ipv4` is the standard's; `ip` (an address of either family), `cidr` (a prefix without host bits) and `mac` are ours.
 */
import type { Static } from 'typebox'
import { Type } from '../../lib/schema/type.ts'

const closed = { additionalProperties: false } as const

const asNumber = (description: string) => Type.Integer({ minimum: 1, maximum: 4294967295, description })
const routerId = (description: string) => Type.String({ format: 'ipv4', description })
const family = Type.Enum(['ipv4', 'ipv6'])

const prefixRange = Type.Union(
  [
    Type.String({ format: 'cidr' }),
    Type.Object(
      {
        prefix: Type.String({ format: 'cidr', description: 'Prefixes that lie in this one …' }),
        min: Type.Optional(Type.Integer({ minimum: 0, maximum: 128, description: '… whose length is at least this' })),
        max: Type.Optional(Type.Integer({ minimum: 0, maximum: 128, description: '… and at most this' })),
      },
      closed,
    ),
  ],
  { description: 'A prefix with all that lies in it, or { prefix, min, max } to bound the length' },
)

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

const restartTime = Type.Integer({
  minimum: 0,
  maximum: 4095,
  description: 'Seconds that peers keep our routes while we are away (RFC 4724)',
})

const password = Type.Union(
  [
    Type.Object({ file: Type.String({ minLength: 1, description: 'A file that holds the key' }) }, closed),
    Type.Object(
      { env: Type.String({ minLength: 1, description: 'An environment variable that holds the key' }) },
      closed,
    ),
  ],
  { description: 'The TCP MD5 key (RFC 2385): never itself in this file' },
)

/** The fields of a peer; which of them must be there is judged where the layers have been merged. */
const peer = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'Default: the address. Peers of later layers merge by it',
      }),
    ),
    address: Type.Optional(Type.String({ format: 'ip' })),
    asNumber: Type.Optional(
      Type.Union([asNumber('The AS of the peer'), Type.Literal('external')], {
        description: 'The AS of the peer, or `external`: any but our own',
      }),
    ),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, default: 179 })),
    localAddress: Type.Optional(Type.String({ format: 'ip', description: 'Our address on this session' })),
    passive: Type.Optional(Type.Boolean({ default: false, description: 'Wait for the peer to connect' })),
    ttl: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 255,
        description: "Of what we send; default: the kernel's, so that peers may be hops away",
      }),
    ),
    password: Type.Optional(password),
    holdTime: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 65535, default: 90, description: 'Seconds, 0 (never) or at least 3' }),
    ),
    keepaliveTime: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 21845, description: 'Seconds; default: a third of the hold time' }),
    ),
    connectRetryTime: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 65535, default: 5, description: 'Seconds between two attempts' }),
    ),
    families: Type.Optional(Type.Array(family, { minItems: 1, uniqueItems: true, default: ['ipv4', 'ipv6'] })),
    nextHop: Type.Optional(
      Type.Enum(['auto', 'self', 'unchanged'], {
        default: 'auto',
        description: 'Of announced routes that were learned from others; `auto`: as RFC 4271 §5.1.3 has it',
      }),
    ),
    routeReflectorClient: Type.Optional(Type.Boolean({ default: false, description: 'iBGP peers only (RFC 4456)' })),
    import: Type.Optional(
      Type.String({
        default: 'allowed',
        description: 'accept, reject, allowed (see import.allow) or a name of policies',
      }),
    ),
    export: Type.Optional(
      Type.String({
        default: 'originated',
        description: 'accept, reject, originated (only what originates here) or a name of policies',
      }),
    ),
    gracefulRestart: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(Type.Boolean()),
          restartTime: Type.Optional(restartTime),
        },
        { ...closed, description: 'Default: as for all peers' },
      ),
    ),
  },
  closed,
)

const peers = Type.Array(peer, { default: [] })

const policyMatch = Type.Object(
  {
    prefixes: Type.Optional(Type.Array(prefixRange, { minItems: 1 })),
    families: Type.Optional(Type.Array(family, { minItems: 1 })),
    peers: Type.Optional(
      Type.Array(Type.String(), { minItems: 1, description: 'Names: the sender on import, the receiver on export' }),
    ),
    source: Type.Optional(
      Type.Array(Type.Enum(['local', 'node', 'internal', 'external']), {
        minItems: 1,
        description:
          'Originated here, learned from a node of the cluster (of reflector mode), from others over iBGP, over eBGP',
      }),
    ),
  },
  { ...closed, default: {}, description: 'All that is given must match; nothing given: everything matches' },
)

const ACTIONS = ['accept', 'reject'] as const

const policy = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    otherwise: Type.Optional(
      Type.Enum(ACTIONS, { default: 'reject', description: 'What happens to routes that no term matches' }),
    ),
    terms: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 64 }),
            match: Type.Optional(policyMatch),
            action: Type.Enum(ACTIONS),
          },
          closed,
        ),
        { default: [], description: 'In order; the first that matches decides' },
      ),
    ),
  },
  closed,
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
  readonly state: string
  readonly control: Filled<'control'>
  readonly metrics?: Filled<'metrics'>
  readonly log: Filled<'log'>
}

type OverlaySettings = NonNullable<AgentFile['overlay']>
type OverlayDevices = 'device' | 'device6'
export type FilledOverlay = Required<Omit<OverlaySettings, OverlayDevices | 'vteps'>> &
  Pick<OverlaySettings, OverlayDevices> & {
    readonly vteps: readonly Required<NonNullable<OverlaySettings['vteps']>[number]>[]
  }

type Unfilled = 'address' | 'asNumber' | 'localAddress' | 'ttl' | 'password' | 'keepaliveTime'
export type FilledPeer = Required<Omit<PeerSettings, Unfilled | 'gracefulRestart'>> &
  Pick<PeerSettings, Unfilled> & { readonly gracefulRestart: Required<NonNullable<PeerSettings['gracefulRestart']>> }

export type Section = NonNullable<AgentFile['nodes']>[number]
export type PeerSettings = NonNullable<AgentFile['peers']>[number]
export type PolicySettings = NonNullable<AgentFile['policies']>[number]
export type VtepSettings = NonNullable<OverlaySettings['vteps']>[number]
export type PrefixRangeSettings = Static<typeof prefixRange>
export type PasswordSource = Static<typeof password>

/** For editors: JSON Schema 2020-12. */
export function jsonSchema(): Record<string, unknown> {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...agentSchema }
}
