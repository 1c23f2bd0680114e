/** The ways by which a BIG-IP knows where pods are (`spec.arp`), and what a person does to change from one to another. */
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { parse, stringify } from 'yaml'
import { ALLOW_DELETIONS } from '../../../lib/bigip/resource.ts'
import { type KernelNeighborRow, listProxies } from '../../../lib/linux/netlink/neighbor.ts'
import type { BigIpLab } from '../bigip-lab.ts'
import { BIGIP } from '../bigip-topology.ts'
import { inPlace } from '../network.ts'
import { answeringRole } from '../podpeer-objects.ts'
import type { LabNode, Pod } from '../topology.ts'
import { untilComplete } from '../waiting.ts'
import { DEADLINE } from './deadline.ts'

const OWN_PROTOCOL = 179

/** Changes the BIGIP, as `kubectl edit` and `kubectl annotate` would. */
function edit(
  { cluster: { api } }: BigIpLab,
  fields: object,
  annotations: Readonly<Record<string, string>> = {},
): void {
  const { metadata, ...bigip } = api.find('BIGIP', BIGIP)!
  const generation = (metadata.generation ?? 0) + 1
  api.put({
    ...bigip,
    metadata: { ...metadata, generation, annotations: { ...metadata.annotations, ...annotations } },
    spec: { ...(bigip['spec'] as object), ...fields },
  })
}

/** Waits for what is asked before many objects of BIG-IP go at once, and gives the word. Returns which those are. */
async function allowDeletions(lab: BigIpLab): Promise<readonly string[]> {
  const given = lab.cluster.api.find('BIGIP', BIGIP)!.metadata.annotations?.[ALLOW_DELETIONS]
  const asked = () => lab.status.units?.[0]?.refused
  await untilComplete('the question', DEADLINE, async () =>
    asked() === undefined || asked()!.token === given ? 'it is not asked' : undefined,
  )
  const { token, objects } = asked()!
  edit(lab, {}, { [ALLOW_DELETIONS]: token })
  return objects
}

/** An ARP or NDP entry of BIG-IP for each pod, as it is by default: entries come, and few go. */
export async function usePodEntries(lab: BigIpLab): Promise<void> {
  edit(lab, { arp: 'pod' })
  await lab.settled()
}

/** An entry for each node: those of all pods go, which a person has to allow. */
export async function useNodeEntries(lab: BigIpLab): Promise<void> {
  edit(lab, { arp: 'node' })
  await allowDeletions(lab)
  await lab.settled()
}

/** BIG-IP asks, and the nodes answer for their pods. Returns what of BIG-IP goes for that. */
export async function useAnswers(lab: BigIpLab): Promise<readonly string[]> {
  lab.cluster.api.put(answeringRole())
  configureAnswers(lab, true)
  await answersAre(lab, ({ pods }) => pods)
  edit(lab, { arp: 'none' })
  const gone = await allowDeletions(lab)
  await lab.settled()
  return gone
}

/** Has agents answer ARP and NDP for the pods of their nodes, or no more. */
export function configureAnswers({ agents }: BigIpLab, answers: boolean): void {
  const config = parse(readFileSync(agents.config, 'utf8'))
  agents.configure(stringify({ ...config, overlay: { answers } }))
}

export async function answersAre(lab: BigIpLab, pods: (node: LabNode) => readonly Pod[]): Promise<void> {
  await untilComplete('an answer for each pod, on its own node', DEADLINE, async () => {
    const wrong = lab.topology.nodes.filter(node => {
      const expected = pods(node).flatMap(({ address }) => lab.plan.families.map(family => `${address[family]} ours`))
      return !isDeepStrictEqual(proxiesOf(node.name), expected.sort())
    })
    return wrong[0] && `${wrong[0].name} answers for ${proxiesOf(wrong[0].name).join(', ')}`
  })
}

/** As the kernel has them: whose they are, too. */
function proxiesOf(node: string): string[] {
  const own = (row: KernelNeighborRow) =>
    row.kind === 'proxy' ? [`${row.address} ${row.protocol === OWN_PROTOCOL ? 'ours' : row.protocol}`] : []
  return inPlace(node, socket => listProxies(socket).flatMap(own)).sort()
}
