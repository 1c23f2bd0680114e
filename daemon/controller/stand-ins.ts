/** Reads what of the cluster says whether a Node that stands for a BIG-IP may go, once, as whoever the kubeconfig names. */
import { BIGIPS, parseBigIp } from '../../lib/bigip/resource.ts'
import { judgeStandIns, type StandInVerdict } from '../../lib/bigip/stand-in.ts'
import { clusterNetwork } from '../../lib/cni/cluster-network.ts'
import { CLUSTER_SOURCES } from '../../lib/cni/cluster-objects.ts'
import { ApiFault } from '../../lib/kube/api-fault.ts'
import { KubeClient } from '../../lib/kube/client.ts'
import { type KubeObject, projections } from '../../lib/kube/object.ts'

export type { StandInVerdict }

/** @param kubeconfig absent: $KUBECONFIG, ~/.kube/config, else the pod's service account @throws WorldFault, InputFault */
export async function readStandIns(kubeconfig: string | undefined): Promise<StandInVerdict[]> {
  const client = new KubeClient(kubeconfig)
  try {
    const nodes = await list(client, '/api/v1/nodes')
    const configMaps = await Promise.all(
      CLUSTER_SOURCES.filter(
        ({ of, fieldSelector }) => of === 'configMaps' && fieldSelector?.endsWith('flannel-cfg'),
      ).map(({ path, fieldSelector }) => list(client, path, fieldSelector).catch(unlessForbidden)),
    )
    const bigIps = (await list(client, BIGIPS)).map(parseBigIp)
    const network = clusterNetwork(
      {
        nodes: nodes.map(projections.node),
        configMaps: configMaps.flat(),
        blockAffinities: [],
        ipPools: [],
        ciliumNodes: [],
      },
      'flannel',
    )
    return judgeStandIns(network, bigIps)
  } finally {
    await client.close()
  }
}

async function list(client: KubeClient, path: string, fieldSelector?: string): Promise<readonly KubeObject[]> {
  const { items } = (await client.request({ path, query: { fieldSelector } })) as { items: readonly KubeObject[] }
  return items
}

/** Whoever may not read flannel's configuration knows no range of the cluster, and is told so by the verdict. */
function unlessForbidden(thrown: unknown): KubeObject[] {
  if (thrown instanceof ApiFault && thrown.status === 403) return []
  throw thrown
}
