/** Sessions as the device itself sees them: the text of `show ip bgp summary` as values. Pure. */
import { InputFault } from '../../base/failure.ts'
import { parseAddress } from '../../base/ip.ts'

export interface NeighborState {
  readonly address: string
  readonly asNumber: number
  /** `Established`, or as the device words it: `Active`, `Idle (Admin)` … */
  readonly state: string
  /** Time in this state as the device words it: `01:02:03`, `never`. */
  readonly since: string
  /** Accepted prefixes; absent where the session is not up. */
  readonly prefixes?: number
}

/** `… V AS MsgRcvd MsgSent TblVer InQ OutQ Up/Down State/PfxRcd`, after the address. */
const FIELDS = /^4\s+(\d+)\s+\d+\s+\d+\s+\d+\s+\d+\s+\d+\s+(\S+)\s+(\S.*)$/

/** One entry for each neighbour; a long IPv6 address has a line of its own above the rest. */
export function parseSummary(text: string): NeighborState[] {
  const states: NeighborState[] = []
  let address: string | undefined
  for (const line of text.split('\n').map(one => one.trim())) {
    const [first = '', ...rest] = line.split(/\s+/)
    const named = addressOf(first)
    const fields = FIELDS.exec(named === undefined ? line : rest.join(' '))
    const of = named ?? address
    address = named
    if (fields === null || of === undefined) continue
    address = undefined
    const [, asNumber, since = '', last = ''] = fields
    const isUp = /^\d+$/.test(last)
    states.push({
      address: of,
      asNumber: Number(asNumber),
      state: isUp ? 'Established' : last,
      since,
      ...(isUp && { prefixes: Number(last) }),
    })
  }
  return states
}

function addressOf(word: string): string | undefined {
  try {
    return parseAddress(word.replace(/^\*/, '')).toString()
  } catch (thrown) {
    if (!(thrown instanceof InputFault)) throw thrown
    return undefined
  }
}
