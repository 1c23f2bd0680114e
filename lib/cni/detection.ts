/**
 * Which CNI makes the pod network, told from what CNIs leave in the API: their ConfigMaps, their own resources, annotations of
 * Nodes. Where several have left something (a migration, Calico's policies beside flannel), the reason that the CNI in
 * charge writes into the NetworkUnavailable condition of every Node decides; where that does not, nobody guesses.
 */
import type { KubeObject, NodeView } from '../kube/object.ts'
import { chainedTo, ciliumConfig } from './cilium.ts'
import { hasFlannelAnnotations } from './flannel.ts'
import type { CniName } from './network.ts'

export interface Evidence {
  /** Without stand-ins. */
  readonly nodes: readonly NodeView[]
  readonly blockAffinities: readonly KubeObject[]
  readonly ipPools: readonly KubeObject[]
  readonly ciliumNodes: readonly KubeObject[]
  readonly configMaps: readonly KubeObject[]
}

export interface Detection {
  readonly cni: CniName
  /** A sentence. */
  readonly detectedFrom: string
}

/** By the reason of the NetworkUnavailable condition. */
const REASONS: Readonly<Record<string, CniName>> = {
  FlannelIsUp: 'flannel',
  CalicoIsUp: 'calico',
  CiliumIsUp: 'cilium',
}

/** What each CNI has left, as words; undefined: nothing. In the order in which they are named. */
const SIGNS: Readonly<Record<Exclude<CniName, 'unknown'>, (evidence: Evidence) => string | undefined>> = {
  flannel: evidence =>
    configMapNamed(evidence, 'kube-flannel-cfg') ?? annotated(evidence, hasFlannelAnnotations, 'flannel'),
  calico: ({ blockAffinities, ipPools }) =>
    count(blockAffinities.length, 'BlockAffinity', 'BlockAffinities') ??
    count(ipPools.length, 'Calico IPPool', 'Calico IPPools'),
  cilium: evidence =>
    chainedTo(ciliumConfig(evidence.configMaps)) === undefined
      ? (configMapNamed(evidence, 'cilium-config') ?? count(evidence.ciliumNodes.length, 'CiliumNode', 'CiliumNodes'))
      : undefined,
  'ovn-kubernetes': evidence =>
    annotated(evidence, ({ annotations }) => annotations['k8s.ovn.org/node-subnets'] !== undefined, 'OVN-Kubernetes'),
  'aws-cni': evidence => {
    if (chainedTo(ciliumConfig(evidence.configMaps)) === 'aws-cni') return 'cni-chaining-mode aws-cni of cilium-config'
    return configMapNamed(evidence, 'amazon-vpc-cni')
  },
  antrea: evidence => configMapNamed(evidence, 'antrea-config'),
  'kube-router': evidence => configMapNamed(evidence, 'kube-router-cfg'),
}

export function detectCni(evidence: Evidence): Detection {
  const found = Object.entries(SIGNS).flatMap(([cni, sign]) => {
    const from = sign(evidence)
    return from === undefined ? [] : [{ cni: cni as CniName, from }]
  })
  const reasons = new Set(evidence.nodes.flatMap(({ networkReason = '' }) => REASONS[networkReason] ?? []))
  const [said] = reasons
  if (found.length === 1) return { cni: found[0]!.cni, detectedFrom: `told from ${found[0]!.from}` }
  if (reasons.size === 1 && (found.length === 0 || found.some(({ cni }) => cni === said))) {
    const others = found.filter(({ cni }) => cni !== said).map(({ cni, from }) => `${cni} (${from})`)
    const beside = others.length === 0 ? '' : `, though there are traces of ${others.join(' and ')}`
    return { cni: said!, detectedFrom: `told from the NetworkUnavailable conditions of the Nodes${beside}` }
  }
  if (found.length === 0)
    return { cni: 'unknown', detectedFrom: 'no CNI that podpeer knows has left a trace in the API' }
  const several = found.map(({ cni, from }) => `${cni} (${from})`).join(', ')
  return { cni: 'unknown', detectedFrom: `several CNIs have left traces, and none is said to be up: ${several}` }
}

function configMapNamed({ configMaps }: Evidence, name: string): string | undefined {
  const found = configMaps.find(({ metadata }) => metadata.name === name)
  return found && `ConfigMap ${found.metadata.namespace}/${name}`
}

function annotated({ nodes }: Evidence, has: (node: NodeView) => boolean, of: string): string | undefined {
  const found = nodes.find(has)
  return found && `the annotations of ${of} on Node ${found.name}`
}

function count(number: number, one: string, many: string): string | undefined {
  return number === 0 ? undefined : number === 1 ? `one ${one}` : `${number} ${many}`
}
