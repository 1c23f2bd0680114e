/**
 * What a person gives the cluster so that podpeer runs in it: the files of deploy/ without the workloads, which the lab starts
 * itself, the login of the BIG-IP, and the BIGIP object. Nobody has rights but those of deploy/.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import type { KubeObject } from '../../lib/kube/object.ts'
import type { Json } from '../kube/json.ts'
import { applyJsonPatch } from '../kube/json-patch.ts'
import { BIGIP, MANAGEMENT } from './bigip-topology.ts'
import { type LabMode, MODE_PLANS } from './lab-mode.ts'

const DEPLOY = join(import.meta.dirname, '../../deploy')
const FILES = ['namespace.yaml', 'crds/bigips.podpeer.io.yaml', 'agent-rbac.yaml', 'controller-rbac.yaml']
export const NAMESPACE = 'podpeer'
export const ACCOUNTS = { agent: 'podpeer-agent', controller: 'podpeer-controller' }

export function deployedObjects(): KubeObject[] {
  return FILES.flatMap(file => parseAllDocuments(readFileSync(join(DEPLOY, file), 'utf8'))).map(document =>
    document.toJS(),
  )
}

/** The rights of the agents where deploy/answers is applied, too. */
export function answeringRole(): KubeObject {
  const role = deployedObjects().find(
    ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === ACCOUNTS.agent,
  )
  const { patches } = parse(readFileSync(join(DEPLOY, 'answers/kustomization.yaml'), 'utf8'))
  const { patch } = patches.find(({ target }: { target: { kind: string } }) => target.kind === 'ClusterRole')
  return applyJsonPatch(role as unknown as Json, parse(patch)) as unknown as KubeObject
}

export interface Login {
  readonly credentials: { readonly username: string; readonly password: string }
  /** PEM. */
  readonly ca: string
}

/** `bigip-login` as the guides have it, and the authority that signed the BIG-IP's certificate. */
export function loginSecrets({ credentials, ca }: Login): KubeObject[] {
  const url = `https://${MANAGEMENT.address}`
  return [secret('bigip-login', { url, ...credentials }), secret('bigip-ca', { 'ca.crt': ca })]
}

function secret(name: string, values: Readonly<Record<string, string>>): KubeObject {
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: NAMESPACE },
    type: 'Opaque',
    data: Object.fromEntries(data),
  }
}

/** @param more fields of the spec over those of the mode */
export function bigIpObject(mode: LabMode, more: Readonly<Record<string, unknown>> = {}): KubeObject {
  const { spec, unit } = MODE_PLANS[mode]
  return {
    apiVersion: 'podpeer.io/v1alpha1',
    kind: 'BIGIP',
    metadata: { name: BIGIP, generation: 1 },
    spec: {
      units: [{ name: BIGIP, address: MANAGEMENT.address, ...unit }],
      tls: { caSecret: 'bigip-ca' },
      resyncInterval: 5,
      ...spec,
      ...more,
    },
  }
}
