/**
 * The BGP kinds of a legacy device: rows read from `show running-config`, written by the lines of one operation at a time,
 * through imish in `util/bash`. Decides nothing: what is read is zebos-rows', what is written imish-script's. Rules: half a
 * configuration is a fault; what imish answers with `%` is one, too.
 */
import { InputFault } from '../../base/failure.ts'
import type { Access } from '../access.ts'
import type { BigIpClient } from '../client.ts'
import { DeviceFault, isDeviceFault, nonsenseOf } from '../fault.ts'
import type { Finding } from '../finding.ts'
import type { Operation, RowOperation } from '../operation.ts'
import type { Identity } from '../ownership.ts'
import { type Kind, type Row, rowKey } from '../row.ts'
import { renderScript, type ScriptContext } from './imish-script.ts'
import { type NeighborState, parseSummary } from './neighbor-state.ts'
import type { RoutingKind } from './rest.ts'
import { parseZebos, type ZebosConfig } from './zebos-config.ts'
import { zebosRows } from './zebos-rows.ts'

/** What imish serves in legacy mode. */
export const IMISH_KINDS: ReadonlySet<Kind> = new Set<RoutingKind>([
  'prefix list',
  'route map',
  'BGP',
  'BGP peer group',
  'BGP neighbor',
])

export interface ImishOptions {
  readonly client: Pick<BigIpClient, 'bash'>
  readonly identity: Identity
  readonly routeDomain: { readonly id: number; readonly path: string }
}

/** Octets: hundreds of neighbours are some hundred kilobytes. */
const LONGEST_ANSWER = 8 * 1024 * 1024
/** Lines of one call: the command line that they make stays far below what a shell takes. */
const LINES = 100
/** `show` asks, and whatever is told is an answer; for `delete` it is no failure that there is nothing. */
type Purpose = 'show' | 'write' | 'delete'
/** Of lines that are told again in each call of a script that has more. */
const CONTEXT = /^router bgp \d+$/

export class ImishAccess implements Access {
  readonly #options: ImishOptions
  /** One answer serves each kind once, for a pass reads them all. */
  #reading: { readonly config: Promise<ZebosConfig>; readonly served: Set<string> } | undefined
  #last: ZebosConfig | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(options: ImishOptions) {
    this.#options = options
  }

  async read(kind: Kind, parent?: string): Promise<Row[]> {
    const key = `${kind} ${parent}`
    if (this.#reading === undefined || this.#reading.served.has(key))
      this.#reading = { config: this.#config(), served: new Set() }
    const reading = this.#reading
    reading.served.add(key)
    try {
      const rows = zebosRows(await reading.config, this.#place)
      return rows.filter(row => row.kind === kind && (parent === undefined || row.parent === parent))
    } catch (thrown) {
      if (this.#reading === reading) this.#reading = undefined
      throw thrown
    }
  }

  async find(row: Pick<Row, 'kind' | 'name'> & { readonly parent?: string }): Promise<Row | undefined> {
    const rows = zebosRows(await this.#config(), this.#place)
    return rows.find(one => rowKey(one) === rowKey(row))
  }

  /** One after the other: who configures ZebOS locks it for all others. */
  async write(operation: Operation): Promise<void> {
    if (operation.verb === 'records') throw new TypeError('imish has no FDB records')
    const done = this.#writing.then(() => this.#write(operation))
    this.#writing = done.catch(() => {})
    await done
  }

  async save(): Promise<void> {
    await this.#run(['write'], 'write')
  }

  /** Sessions as the device sees them; also in tmos mode. @throws DeviceFault */
  async neighbors(): Promise<NeighborState[]> {
    const ipv4 = parseSummary(await this.#run(['show ip bgp summary'], 'show'))
    const ipv6 = parseSummary(await this.#run(['show bgp ipv6 unicast summary'], 'show'))
    return [...new Map([...ipv6, ...ipv4].map(state => [state.address, state])).values()]
  }

  /** Whether 4-octet AS numbers are sent (`bgp extended-asn-cap`). @throws DeviceFault */
  async extendedAsNumbers(): Promise<boolean> {
    return (await this.#config()).extendedAsNumbers
  }

  async #write(operation: RowOperation): Promise<void> {
    const { identity } = this.#options
    // what was read at the start of a pass may lack the process that the pass has made
    const known = operation.verb === 'delete' || this.#last?.process === undefined ? undefined : this.#last
    const { process } = known ?? (await this.#config())
    this.#reading = undefined
    const purpose = operation.verb === 'delete' ? 'delete' : 'write'
    for (const script of inCalls(scriptOf(operation, { identity, process })))
      await this.#run(['configure terminal', ...script], purpose)
  }

  get #place() {
    const { identity, routeDomain } = this.#options
    return { identity, routeDomain: routeDomain.path }
  }

  async #config(): Promise<ZebosConfig> {
    const text = await this.#run(['show running-config'], 'show')
    const config = parseZebos(text)
    if (config === undefined) throw nonsenseOf('imish show running-config', 'it does not come to its end')
    this.#last = config
    return config
  }

  async #run(lines: readonly string[], purpose: Purpose): Promise<string> {
    const { client, routeDomain } = this.#options
    const told = ['enable', ...lines].flatMap(line => ['-e', line])
    const answer = await client.bash(['imish', '-r', String(routeDomain.id), ...told])
    if (answer.length > LONGEST_ANSWER) throw nonsenseOf('imish', `an answer of ${answer.length} octets`)
    const refusal = refusalOf(answer, purpose)
    if (refusal !== undefined) throw refusal
    return answer
  }
}

/** What a person called an object of the device need have no place in a line: that row alone cannot be written. */
function scriptOf(operation: RowOperation, context: ScriptContext): string[] {
  try {
    return renderScript(operation, context)
  } catch (thrown) {
    if (!(thrown instanceof InputFault)) throw thrown
    throw new DeviceFault('BIGIP_REFUSED', `imish: ${thrown.message}`, { retry: false, applied: 'no', cause: thrown })
  }
}

/** What imish says when it does not do what it is told, as a fault; undefined: all is well. */
function refusalOf(answer: string, purpose: Purpose): DeviceFault | undefined {
  const line = answer.split('\n').find(one => /Dynamic routing is not enabled|Protocol daemon is not running/.test(one))
  if (line?.includes('not enabled'))
    return new DeviceFault('BIGIP_REFUSED', `imish: ${line.trim()}: enable BGP in the route domain`, {
      retry: false,
      applied: 'no',
    })
  if (line !== undefined)
    return new DeviceFault('BIGIP_RESTARTING', `imish: ${line.trim()}`, { retry: true, applied: 'no' })
  const isRefusal = (one: string) => /^\s*%/.test(one) && !(purpose === 'delete' && isAbsence(one))
  const bad = purpose === 'show' ? undefined : answer.split('\n').find(isRefusal)
  if (bad === undefined) return undefined
  return new DeviceFault('BIGIP_REFUSED', `imish: ${bad.trim().slice(0, 200)}`, { retry: false, applied: 'unknown' })
}

/** What is to go has gone. */
function isAbsence(line: string): boolean {
  return /can't find|no such|not found|does not exist|not configured/i.test(line)
}

function inCalls(script: readonly string[]): string[][] {
  const context = script.filter(line => CONTEXT.test(line)).slice(0, 1)
  const rest = script.filter(line => !context.includes(line))
  const count = Math.max(1, Math.ceil(rest.length / LINES))
  return Array.from({ length: count }, (_, at) => [...context, ...rest.slice(at * LINES, (at + 1) * LINES)])
}

/** A fault of imish that an operator has to mend, in words; undefined: it is none of these. @param unit `unit bigip-a` */
export function imishFinding(thrown: unknown, unit: string): Finding | undefined {
  if (!isDeviceFault(thrown, 'BIGIP_REFUSED', 'BIGIP_FORBIDDEN')) return undefined
  if (/appliance/i.test(thrown.message))
    return {
      code: 'imish-appliance-mode',
      severity: 'error',
      subject: unit,
      cause: 'the device is in appliance mode, which forbids the shell that imish is reached by',
      remedy: 'use tmos routing instead (spec.bgp.api: tmos, where nothing else needs the legacy configuration)',
    }
  if (!thrown.message.startsWith('imish: Dynamic routing is not enabled')) return undefined
  return {
    code: 'bgp-not-enabled',
    severity: 'error',
    subject: unit,
    cause: thrown.message,
    remedy: `tmsh modify net route-domain ${/\d+/.exec(thrown.message)?.[0] ?? 0} routing-protocol add { BGP }`,
  }
}
