/**
 * The one schema of a BIGIP object (`podpeer.io/v1alpha1`): shape, defaults and descriptions. The static types, the schema of
 * the CustomResourceDefinition, the judgement of a YAML file and the defaults of the controller all come from here.
 *
 * Formats: `ip` (an address of either family), `ipv4`, `cidr` (a prefix without host bits); `interface` (an address with the
 * length of its subnet), `endpoint` (host, host:port or https URL), `path` (a full path on the device), `fingerprint`
 * (SHA-256) and `label` (a name that may be part of others) are judged by lib/schema/judge, and by patterns in a cluster.
 */
import type { Static } from 'typebox'
import { Type } from '../schema/type.ts'

const closed = { additionalProperties: false } as const
const group = { ...closed, default: {} } as const

const asNumber = { minimum: 1, maximum: 4294967295 } as const
const name = { minLength: 1, maxLength: 253 } as const

export const MODES = [
  'flannel-vxlan',
  'flannel-host-gw',
  'calico-bgp',
  'cilium-bgp',
  'bgp',
  'cilium-vxlan',
  'podpeer-vxlan',
  'static',
  'aws-cni',
  'underlay',
] as const

const unit = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 63, description: 'Default: the address' })),
    address: Type.Optional(
      Type.String({
        format: 'endpoint',
        maxLength: 253,
        description: 'Of the management interface: host, host:port or https URL; default: `url` of the Secret',
      }),
    ),
    fingerprint: Type.Optional(
      Type.String({
        format: 'fingerprint',
        description: "sha256:… of the device's certificate: then no other is accepted, whoever signed it",
      }),
    ),
    vtep: Type.Optional(
      Type.Object(
        {
          address: Type.Optional(
            Type.String({
              format: 'ipv4',
              description: "Default: the device's own self IP (not floating) in the nodes' subnet",
            }),
          ),
          address6: Type.Optional(Type.String({ format: 'ip', description: 'The same for IPv6 between the nodes' })),
          secondaryAddress: Type.Optional(
            Type.String({ format: 'ip', description: "The unit's own address where `address` floats" }),
          ),
        },
        group,
      ),
    ),
    tunnel: Type.Optional(
      Type.Object(
        {
          selfIPs: Type.Optional(
            Type.Array(Type.String({ format: 'interface' }), {
              default: [],
              description:
                'On the tunnel, one per family: an address that no node can be given, with the length of the pod network: 10.244.255.1/16',
            }),
          ),
        },
        group,
      ),
    ),
    bgp: Type.Optional(
      Type.Object(
        {
          address: Type.Optional(
            Type.String({ format: 'ipv4', description: 'What nodes peer with; default: the self IP in their subnet' }),
          ),
          address6: Type.Optional(Type.String({ format: 'ip', description: 'The same for IPv6' })),
          routerId: Type.Optional(Type.String({ format: 'ipv4', description: 'Default: the address' })),
        },
        group,
      ),
    ),
  },
  closed,
)

const manage = Type.Object(
  {
    tunnel: Type.Optional(Type.Boolean({ default: true, description: 'The VXLAN profile and the tunnels' })),
    selfIPs: Type.Optional(Type.Boolean({ default: true, description: 'The self IPs on the tunnels' })),
    bgp: Type.Optional(
      Type.Boolean({ default: true, description: 'The BGP process and its peer group; neighbors are managed always' }),
    ),
  },
  { ...group, description: 'What podpeer makes; false: others make it, and podpeer only verifies it' },
)

const tunnel = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        format: 'path',
        description: 'Of the tunnel over IPv4: of one that is there already, or for a new one',
      }),
    ),
    name6: Type.Optional(Type.String({ format: 'path', description: 'The same over IPv6' })),
    profile: Type.Optional(Type.String({ format: 'path', description: 'Of the VXLAN profile' })),
    shared: Type.Optional(
      Type.Boolean({
        description:
          'Others put FDB records into the tunnel, too: only those that podpeer noted as its own are removed. Default: true where manage.tunnel is false',
      }),
    ),
    vni: Type.Optional(Type.Integer({ minimum: 1, maximum: 16777215, description: "Default: the cluster's" })),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, description: "Default: the cluster's" })),
    mtu: Type.Optional(Type.Integer({ minimum: 576, maximum: 65535, description: "Default: the device's own" })),
  },
  group,
)

const bgp = Type.Object(
  {
    asNumber: Type.Optional(Type.Integer({ ...asNumber, default: 64512, description: 'Of the device' })),
    nodeASNumber: Type.Optional(
      Type.Integer({
        ...asNumber,
        default: 64512,
        description: 'Of the nodes; the annotation podpeer.io/as-number of a Node wins over it',
      }),
    ),
    api: Type.Optional(
      Type.Enum(['tmos', 'imish'], {
        description:
          'How the device keeps BGP: needed only where it keeps none yet, for to switch loses what the other one keeps',
      }),
    ),
    holdTime: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 65535, default: 90, description: 'Seconds; 0: sessions never time out' }),
    ),
    keepaliveTime: Type.Optional(Type.Integer({ minimum: 1, maximum: 21845, default: 30, description: 'Seconds' })),
    peers: Type.Optional(
      Type.Enum(['per-node', 'reflector'], {
        default: 'per-node',
        description: 'Every node, or a few that pass on what the others announce (see reflector)',
      }),
    ),
  },
  group,
)

export const specSchema = Type.Object(
  {
    units: Type.Optional(
      Type.Array(unit, {
        minItems: 1,
        maxItems: 2,
        default: [{}],
        description: 'The device, or both units of an HA pair; default: the one at `url` of the Secret',
      }),
    ),
    credentials: Type.Optional(
      Type.Object(
        {
          secret: Type.Optional(
            Type.String({ ...name, description: "A Secret in podpeer's namespace with url, username and password" }),
          ),
          directory: Type.Optional(
            Type.String({ minLength: 1, description: 'A directory with the files url, username and password' }),
          ),
        },
        { ...closed, default: { secret: 'bigip-login' } },
      ),
    ),
    tls: Type.Optional(
      Type.Object(
        {
          caSecret: Type.Optional(
            Type.String({
              ...name,
              description: "A Secret in podpeer's namespace whose ca.crt signed the device's certificate",
            }),
          ),
          caFile: Type.Optional(Type.String({ minLength: 1, description: 'The same as a file of the controller' })),
          insecure: Type.Optional(
            Type.Boolean({
              description: 'true: take any certificate, so that whoever stands between can read the password',
            }),
          ),
        },
        group,
      ),
    ),
    mode: Type.Optional(
      Type.Enum(['auto', ...MODES], { default: 'auto', description: 'auto: as the CNI of the cluster needs' }),
    ),
    cluster: Type.Optional(
      Type.String({
        format: 'label',
        maxLength: 20,
        description:
          "What tells this cluster's objects from others' on the device; default: the first 8 digits of the uid of kube-system",
      }),
    ),
    partition: Type.Optional(Type.String({ minLength: 1, maxLength: 63, default: 'Common' })),
    routeDomain: Type.Optional(Type.Integer({ minimum: 0, maximum: 65534, description: "Default: the partition's" })),
    manage: Type.Optional(manage),
    tunnel: Type.Optional(tunnel),
    arp: Type.Optional(
      Type.Enum(['pod', 'node', 'none'], {
        default: 'pod',
        description:
          'How the device knows the MAC addresses behind the tunnel: one entry per pod, one per node with a route (experimental), or by flooding',
      }),
    ),
    bgp: Type.Optional(bgp),
    reflector: Type.Optional(
      Type.Object(
        {
          nodeSelector: Type.Object(
            {
              matchLabels: Type.Record(Type.String(), Type.String(), {
                description: 'Labels that chosen nodes have, with just these values',
              }),
            },
            closed,
          ),
        },
        { ...closed, description: 'Which nodes, two or three, reflect; for bgp.peers reflector' },
      ),
    ),
    advertise: Type.Optional(
      Type.Object(
        {
          virtualAddresses: Type.Array(Type.String({ minLength: 1 }), {
            minItems: 1,
            description: 'Full paths (/Common/192.0.2.80), or prefixes that they lie in',
          }),
          mode: Type.Optional(
            Type.Enum(['enabled', 'always', 'selective', 'any', 'all'], {
              default: 'selective',
              description: 'When the device announces them: its routeAdvertisement',
            }),
          ),
        },
        { ...closed, description: 'Virtual addresses that the device announces over BGP' },
      ),
    ),
    masquerade: Type.Optional(
      Type.Object(
        {
          configMap: Type.Optional(
            Type.Object(
              {
                namespace: Type.Optional(Type.String({ ...name, default: 'kube-system' })),
                name: Type.Optional(Type.String({ ...name, default: 'ip-masq-agent' })),
              },
              group,
            ),
          ),
        },
        {
          ...closed,
          description: "Keep the device's addresses in nonMasqueradeCIDRs of this ConfigMap, where it is there",
        },
      ),
    ),
    highAvailability: Type.Optional(
      Type.Object(
        {
          shape: Type.Optional(
            Type.Enum(['per-unit', 'floating'], {
              default: 'per-unit',
              description: 'Each unit with a VTEP of its own, or one that moves to the active unit',
            }),
          ),
          floatingSelfIPs: Type.Optional(
            Type.Array(Type.String({ format: 'interface' }), {
              default: [],
              description: 'On the tunnel, for the floating shape: one per family',
            }),
          ),
        },
        group,
      ),
    ),
    safety: Type.Optional(
      Type.Object(
        {
          maxDeletions: Type.Optional(
            Type.Object(
              {
                percent: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, default: 20 })),
                atLeast: Type.Optional(
                  Type.Integer({ minimum: 0, maximum: 1000000, default: 5, description: 'So many are never too many' }),
                ),
              },
              { ...group, description: 'More deletions at once than this wait for podpeer.io/allow-deletions' },
            ),
          ),
        },
        group,
      ),
    ),
    resyncInterval: Type.Optional(
      Type.Integer({
        minimum: 5,
        maximum: 86400,
        default: 30,
        description: 'Seconds between two readings of all that the device holds',
      }),
    ),
    adopt: Type.Optional(
      Type.Enum(['cis'], { description: 'Take over what F5 CIS has left on the device, under the names it has' }),
    ),
    deletionPolicy: Type.Optional(
      Type.Enum(['Retain', 'Delete'], {
        default: 'Retain',
        description: 'What becomes of what podpeer made on the device when this object is deleted',
      }),
    ),
  },
  { ...group, description: 'How the devices are reached, and what of the cluster they are to know' },
)

/** The spec as it is written: nothing filled in. */
export type BigIpSettings = Static<typeof specSchema>
type Settings = Required<BigIpSettings>

export type Mode = (typeof MODES)[number]

/** The spec with its defaults; what is optional here has none, or one that the cluster or the device says. */
export interface BigIpSpec
  extends Pick<BigIpSettings, 'cluster' | 'routeDomain' | 'reflector' | 'adopt'>,
    Pick<Settings, 'credentials' | 'tls' | 'mode' | 'partition' | 'arp' | 'resyncInterval' | 'deletionPolicy'> {
  readonly units: readonly [UnitSpec, ...UnitSpec[]]
  readonly manage: Required<Settings['manage']>
  readonly tunnel: Settings['tunnel'] & { readonly shared: boolean }
  readonly bgp: Required<Omit<Settings['bgp'], 'api'>> & Pick<Settings['bgp'], 'api'>
  readonly advertise?: Required<Settings['advertise']>
  readonly masquerade?: { readonly configMap: { readonly namespace: string; readonly name: string } }
  readonly highAvailability: Required<Settings['highAvailability']>
  readonly safety: { readonly maxDeletions: { readonly percent: number; readonly atLeast: number } }
}

type UnitSettings = Settings['units'][number]

/** One device. */
export interface UnitSpec extends Pick<UnitSettings, 'address' | 'fingerprint'> {
  readonly name: string
  readonly vtep: NonNullable<UnitSettings['vtep']>
  readonly tunnel: { readonly selfIPs: readonly string[] }
  readonly bgp: NonNullable<UnitSettings['bgp']>
}
