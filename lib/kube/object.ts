/**
 * Kubernetes objects as plain JSON values, and what to keep of them. Knows no network and no API server.
 * A projection keeps what podpeer needs of a kind: five thousand Nodes are 46 MB on the wire and 2 MB as `NodeView`s.
 */

export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
  readonly [field: string]: unknown
}

/** Any object of the API; list items of built-in kinds carry no apiVersion and kind. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: ObjectMeta
  readonly [field: string]: unknown
}

/** What podpeer keeps of a Node. Its text values are as the API has them: parse them where they are used. */
export interface NodeView {
  readonly name: string
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** `spec.podCIDRs`, or the one `spec.podCIDR` of clusters that never set the list. */
  readonly podCIDRs: readonly string[]
  /** `type` is InternalIP, ExternalIP, Hostname …; order as in the status. */
  readonly addresses: readonly { readonly type: string; readonly address: string }[]
  /** The Ready condition is True. */
  readonly ready: boolean
  readonly unschedulable: boolean
  /** Reason of the NetworkUnavailable condition, which the CNI writes: `FlannelIsUp`. */
  readonly networkReason?: string
  /** RFC 3339, as the next. */
  readonly creationTimestamp?: string
  /** Set while finalizers hold a deleted Node. */
  readonly deletionTimestamp?: string
}

/** What podpeer keeps of a Pod. */
export interface PodView {
  readonly namespace: string
  readonly name: string
  /** Empty until it is scheduled. */
  readonly node: string
  /** `status.podIPs`, or the one `status.podIP`, as the API has them. */
  readonly addresses: readonly string[]
  /** Its addresses are those of its node. */
  readonly hostNetwork: boolean
  /** Pending, Running, Succeeded, Failed, Unknown. */
  readonly phase: string
  /** RFC 3339, as the next. */
  readonly creationTimestamp?: string
  /** Set from the wish to delete it until its containers have ended. */
  readonly deletionTimestamp?: string
}

/** What may be kept of an object, by name, for a projection has to cross a thread boundary. */
export interface Projections {
  readonly whole: KubeObject
  readonly node: NodeView
  readonly pod: PodView
}

export type ProjectionName = keyof Projections

/** `NAME`, or `NAMESPACE/NAME`: what tells apart the objects of one resource. */
export function keyOf(object: KubeObject): string {
  const { name, namespace } = object.metadata
  return namespace === undefined ? name : `${namespace}/${name}`
}

export const projections: { readonly [P in ProjectionName]: (object: KubeObject) => Projections[P] } = {
  whole: object => object,
  node: nodeView,
  pod: podView,
}

interface NodeObject extends KubeObject {
  readonly spec?: { readonly podCIDR?: string; readonly podCIDRs?: readonly string[]; readonly unschedulable?: boolean }
  readonly status?: {
    readonly addresses?: NodeView['addresses']
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[]
  }
}

function nodeView({ metadata, spec = {}, status = {} }: NodeObject): NodeView {
  const conditions = status.conditions ?? []
  const networkReason = conditions.find(({ type }) => type === 'NetworkUnavailable')?.reason
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    podCIDRs: spec.podCIDRs ?? (spec.podCIDR ? [spec.podCIDR] : []),
    addresses: (status.addresses ?? []).map(({ type, address }) => ({ type, address })),
    ready: conditions.some(condition => condition.type === 'Ready' && condition.status === 'True'),
    unschedulable: spec.unschedulable ?? false,
    ...(networkReason === undefined ? {} : { networkReason }),
    ...lifetime(metadata),
  }
}

interface PodObject extends KubeObject {
  readonly spec?: { readonly nodeName?: string; readonly hostNetwork?: boolean }
  readonly status?: {
    readonly phase?: string
    readonly podIP?: string
    readonly podIPs?: readonly { readonly ip: string }[]
  }
}

function podView({ metadata, spec = {}, status = {} }: PodObject): PodView {
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    node: spec.nodeName ?? '',
    addresses: status.podIPs?.map(({ ip }) => ip) ?? (status.podIP ? [status.podIP] : []),
    hostNetwork: spec.hostNetwork ?? false,
    phase: status.phase ?? '',
    ...lifetime(metadata),
  }
}

function lifetime({
  creationTimestamp,
  deletionTimestamp,
}: ObjectMeta): Pick<NodeView, 'creationTimestamp' | 'deletionTimestamp'> {
  return {
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  }
}
