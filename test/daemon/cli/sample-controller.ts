/** A controller that answers with documents, for tests of the command line. */
import { controllerApi } from '../../../daemon/controller/api.ts'
import type {
  BigIpReport,
  ControllerStatus,
  DoctorDocument,
  Finding,
  JourneysDocument,
  PlanDocument,
  PlannedOperation,
  UnitPlan,
  UnitReport,
  VtepValuesDocument,
} from '../../../daemon/controller/document.ts'
import type { ControllerView } from '../../../daemon/controller/view.ts'

export const SUBNET: Finding = {
  code: 'tunnel-subnet-allocatable',
  severity: 'warning',
  subject: 'unit bigip-a',
  cause: 'the cluster can give the tunnel subnet 10.244.255.0/24 to a node',
  remedy: 'write units[].tunnel.selfIPs',
}
export const LOCKDOWN: Finding = {
  code: 'port-lockdown',
  severity: 'error',
  subject: 'self IP /Common/internal-self',
  cause: 'port lockdown lets in default, and not tcp:179',
  remedy: 'tmsh modify net self /Common/internal-self allow-service add { tcp:179 }',
}

export const REFUSED = {
  token: '0123456789ab',
  reason: '6 of 10 rows of kind ARP would be deleted at once, more than 20 % and than 5',
  deletions: Array.from({ length: 6 }, (_, at) => `ARP /Common/podpeer-c1-10.244.1.${at}`),
  replacements: ['tunnel /Common/podpeer-c1-vxlan'],
}

export const UNIT: UnitReport = {
  name: 'bigip-a',
  address: 'https://192.0.2.10',
  version: '16.1.4',
  haState: 'active',
  syncStatus: 'In Sync',
  phase: 'in sync',
  kinds: [{ kind: 'FDB record', desired: 3, actual: 3, drift: 0 }],
  objects: { desired: 10, actual: 9, drift: 1 },
  lastSync: new Date(Date.now() - 3000).toISOString(),
  tokenExpiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  writes: 10,
  repairs: 1,
  neighbors: [{ address: '10.1.10.1', asNumber: 64512, state: 'Established', since: '01:02:03', prefixes: 1 }],
}

export const BIGIP: BigIpReport = {
  name: 'bigip',
  cluster: 'c1',
  mode: 'flannel-vxlan',
  because: 'the CNI is flannel (vxlan), told from ConfigMap kube-flannel/kube-flannel-cfg',
  ready: true,
  message: '10 objects on one device',
  nodes: {
    served: 3,
    leftOut: [{ kind: 'Node', name: 'node-3', reason: 'NoVtepMAC', message: 'flannel has written none' }],
  },
  findings: [SUBNET],
  units: [UNIT],
}

const path = (name: string) => `/Common/podpeer-c1-${name}`
const vxlan = path('vxlan')

/** One of each sort. */
export const OPERATIONS: readonly PlannedOperation[] = [
  {
    verb: 'create',
    kind: 'vxlan profile',
    name: path('profile'),
    reason: 'missing',
    after: { floodingType: 'none', port: 8472 },
  },
  { verb: 'replace', kind: 'tunnel', name: vxlan, reason: 'key is 1', before: { key: 1 }, after: { key: 2 } },
  {
    verb: 'update',
    kind: 'self IP',
    name: path('self'),
    reason: 'drift',
    before: { allowService: ['default'] },
    after: { allowService: ['none'] },
  },
  {
    verb: 'records',
    kind: 'FDB record',
    name: vxlan,
    reason: '3 records of it change',
    before: { '0a:01': '10.1.10.1', '0a:02': '10.1.10.2' },
    after: { '0a:02': '10.1.10.9', '0a:03': '10.1.10.3' },
  },
  {
    verb: 'delete',
    kind: 'BGP neighbor',
    parent: path('bgp'),
    name: '10.1.10.7',
    reason: 'not wanted',
    before: { peerGroup: 'nodes' },
  },
]

export const PLAN: UnitPlan = {
  bigIp: 'bigip',
  unit: 'bigip-a',
  operations: OPERATIONS,
  held: 0,
  unchanged: 7,
  findings: [],
}

export class SampleController {
  bigIps: readonly BigIpReport[] = [BIGIP]
  units: readonly UnitPlan[] = [PLAN]
  problems: readonly string[] = []
  examined: DoctorDocument['units'] = []
  /** Of BIGIPs as a whole. */
  findings: DoctorDocument['findings'] = []
  vteps: VtepValuesDocument['bigIps'] = []
  journeyUnits: JourneysDocument['units'] = []
  /** What it was asked, as the library has it. */
  readonly asked: unknown[] = []

  readonly api = controllerApi(this as unknown as ControllerView)

  async status(): Promise<ControllerStatus> {
    return {
      version: '0.1.0',
      pid: 1,
      startedAt: '2026-01-01T00:00:00Z',
      leading: true,
      kubernetes: { state: 'synced' },
      problems: this.problems,
      bigIps: this.bigIps,
    }
  }

  async plan(...asked: unknown[]): Promise<PlanDocument> {
    this.asked.push(asked)
    return { units: this.units, problems: this.problems }
  }

  async apply(...asked: unknown[]): Promise<PlanDocument> {
    this.asked.push(asked)
    return { units: this.units, problems: this.problems }
  }

  async doctor(...asked: unknown[]): Promise<DoctorDocument> {
    this.asked.push(asked)
    return { units: this.examined, findings: this.findings }
  }

  async journeys(...asked: unknown[]): Promise<JourneysDocument> {
    this.asked.push(asked)
    return { units: this.journeyUnits }
  }

  async vtepValues(...asked: unknown[]): Promise<VtepValuesDocument> {
    this.asked.push(asked)
    return { bigIps: this.vteps }
  }
}
