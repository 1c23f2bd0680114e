/** What a controller of this program is made of: the cluster that a kubeconfig names, its BIGIP objects or those of a file. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { InputFault } from '../../lib/base/failure.ts'
import { KubeBigIps } from '../../lib/controller/bigip-source.ts'
import { KubeCluster } from '../../lib/controller/cluster-source.ts'
import type { ControllerParts } from '../../lib/controller/controller.ts'
import { KubeClient } from '../../lib/kube/client.ts'
import { Collections } from '../../lib/kube/collection.ts'
import { KubeWriter } from '../../lib/kube/writer.ts'
import { BigIpFile } from './bigip-file.ts'

export interface PartOptions {
  /** A file with BIGIP objects; absent: those of the cluster. */
  readonly bigIp?: string
  /** Absent: $KUBECONFIG, ~/.kube/config, else the pod's service account. */
  readonly kubeconfig?: string
  /** Absent: $POD_NAMESPACE, the service account's, else `podpeer`. */
  readonly namespace?: string
  readonly election: boolean
  readonly environment: NodeJS.ProcessEnv
}

export interface OpenParts {
  readonly parts: ControllerParts
  /** Where the objects are those of a file. */
  readonly file?: BigIpFile
  close(): Promise<void>
}

/** Of the Lease, as the RBAC of deploy/ knows it. */
const LEASE = 'podpeer-controller'
const OWN_NAMESPACE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

/** @throws InputFault for a file that cannot be used, WorldFault for one that cannot be read */
export function openParts({ bigIp, kubeconfig, namespace, election, environment }: PartOptions): OpenParts {
  if (kubeconfig !== undefined) checkReadable(kubeconfig)
  const file = bigIp === undefined ? undefined : new BigIpFile(bigIp)
  const collections = new Collections(kubeconfig)
  const client = new KubeClient(kubeconfig)
  const where = namespace ?? (environment['POD_NAMESPACE'] || ownNamespace() || 'podpeer')
  const identity = `${environment['POD_NAME'] || hostname()}_${randomUUID()}`
  return {
    parts: {
      bigIps: file ?? new KubeBigIps(collections),
      cluster: new KubeCluster(collections),
      kube: { writer: new KubeWriter(client), namespace: where },
      ...(election && { election: { name: LEASE, identity } }),
    },
    ...(file !== undefined && { file }),
    close: async () => {
      await Promise.all([collections.close(), client.close()])
    },
  }
}

/** A cluster may come up later; a file that somebody named, and that is not there, will not. @throws InputFault */
function checkReadable(kubeconfig: string): void {
  try {
    readFileSync(kubeconfig)
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    throw new InputFault('--kubeconfig', `${kubeconfig} cannot be read: ${code}`, 'name a kubeconfig that can')
  }
}

function ownNamespace(): string | undefined {
  try {
    return readFileSync(OWN_NAMESPACE, 'utf8').trim()
  } catch {
    return undefined
  }
}
