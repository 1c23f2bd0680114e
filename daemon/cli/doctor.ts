/**
 * `podpeer doctor`: what keeps packets from arriving, with what mends it. Looks at the devices, by the controller or by itself,
 * and at this machine where an agent runs on it: a node.
 */
import { WorldFault } from '../../lib/base/failure.ts'
import { blockedOnNode, type Traffic } from '../../lib/bigip/doctor.ts'
import type { ControlClient } from '../control/client.ts'
import type { ProbeStatus } from '../control/overlay-document.ts'
import type { DoctorDocument, Finding } from '../controller/document.ts'
import { countFindings, renderFindings } from './findings.ts'
import { readFirewalls } from './node-firewall.ts'
import type { TextOptions, View } from './output.ts'
import { paint } from './screen.ts'
import { renderNote } from './table.ts'

export interface DoctorValue {
  /** Whether nothing that is wanted is known to be broken. */
  readonly ok: boolean
  /** What was looked at: `bigip, unit bigip-a`, `Node node-1`. */
  readonly examined: readonly string[]
  /** What was not, and why. */
  readonly missed: readonly string[]
  readonly findings: readonly Finding[]
}

export interface DoctorSources {
  readonly agent: Pick<ControlClient, 'status' | 'peers' | 'probeVteps'>
  devices(): Promise<DoctorDocument>
}

export function doctorView(sources: DoctorSources): View<DoctorValue> {
  return { ask: () => examine(sources), text: renderDoctor, steady: value => value }
}

async function examine({ agent, devices }: DoctorSources): Promise<DoctorValue> {
  const { units, missed, findings: ofObjects } = await devicesOf(devices)
  const looked = units.filter(({ error }) => error === undefined)
  const node = await nodeOf(agent, looked.length === 0 ? undefined : looked.flatMap(({ traffic }) => traffic))
  const findings = [...ofObjects, ...units.flatMap(unit => unit.findings), ...node.findings]
  return {
    ok: !findings.some(({ severity }) => severity === 'error') && looked.length === units.length,
    examined: [...looked.map(({ bigIp, unit }) => `${bigIp}, unit ${unit}`), ...node.examined],
    missed: [...missed, ...node.missed],
    findings,
  }
}

async function devicesOf(devices: DoctorSources['devices']): Promise<DoctorDocument & Pick<DoctorValue, 'missed'>> {
  try {
    const { units, findings } = await devices()
    const missed = units.flatMap(({ bigIp, unit, error }) =>
      error === undefined ? [] : [`${bigIp}, unit ${unit}: ${error}`],
    )
    return { units, findings, missed }
  } catch (thrown) {
    if (!isAbsent(thrown)) throw thrown
    return {
      units: [],
      findings: [],
      missed: [`the devices: ${thrown.message}; --bigip FILE or --kubeconfig FILE asks them from here`],
    }
  }
}

/** Where no device could be asked: what overlays of this kind use. */
const USUAL_VXLAN: Traffic = { what: 'VXLAN', protocol: 'udp', port: 8472, sources: [] }

interface NodeExamination extends Pick<DoctorValue, 'examined' | 'missed' | 'findings'> {}

/** @param traffic what devices send to it; undefined: not known */
async function nodeOf(
  agent: DoctorSources['agent'],
  traffic: readonly Traffic[] | undefined,
): Promise<NodeExamination> {
  const nothing = { examined: [], missed: [], findings: [] }
  try {
    const [{ node, problems }, peers, probes] = await Promise.all([agent.status(), agent.peers(), agent.probeVteps()])
    const sources = peers.filter(({ type }) => type === 'external').map(({ address }) => address)
    const told = traffic ?? [USUAL_VXLAN, ...(sources.length === 0 ? [] : [{ ...BGP, sources }])]
    const { chains, failures } = await readFirewalls()
    const subject = `Node ${node}`
    const unread =
      chains.size === 0 && failures.length === 0 ? ['neither nft nor iptables-save is installed here'] : failures
    return {
      examined: [subject],
      missed: unread.map(why => `the firewall of ${subject}: ${why}`),
      findings: [
        ...problems.map(cause => ({ code: 'agent-problem', severity: 'warning' as const, subject, cause })),
        ...probes.filter(({ healthy }) => !healthy).map(probe => unreachable(probe, subject)),
        ...blockedOnNode(node, chains, told),
      ],
    }
  } catch (thrown) {
    if (isAbsent(thrown)) return nothing
    throw thrown
  }
}

function unreachable({ vtep, standby, finding }: ProbeStatus, subject: string): Finding {
  const severity = standby ? 'warning' : 'error'
  return { code: 'vtep-unreachable', severity, subject, cause: `VTEP ${vtep}: ${finding}` }
}

const BGP = { what: 'BGP', protocol: 'tcp', port: 179 } as const

function isAbsent(thrown: unknown): thrown is WorldFault {
  return (
    thrown instanceof WorldFault && (thrown.code === 'AGENT_NOT_RUNNING' || thrown.code === 'CONTROLLER_NOT_RUNNING')
  )
}

function renderDoctor({ ok, examined, missed, findings }: DoctorValue, { look }: TextOptions): string {
  const summary = examined.length === 0 ? 'nothing was looked at' : `${examined.join('; ')}: ${countFindings(findings)}`
  const worst = ok ? (findings.length === 0 ? 'good' : 'warn') : 'bad'
  return [
    renderFindings(findings, look),
    findings.length === 0 ? '' : '\n',
    ...missed.map(text => renderNote(look, 'warn', `not looked at: ${text}`, '')),
    `${paint(look, examined.length === 0 ? 'warn' : worst, summary)}\n`,
  ].join('')
}
