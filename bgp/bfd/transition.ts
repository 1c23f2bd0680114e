/**
 * The state machine of RFC 5880 §6.2 as a table: what a received state makes of ours. The machine is not in AdminDown,
 * where packets count for nothing.
 */
import type { BfdState } from './packet.ts'

type Living = Exclude<BfdState, 'AdminDown'>

const TRANSITIONS: Readonly<Record<Living, Readonly<Record<BfdState, Living>>>> = {
  Down: { AdminDown: 'Down', Down: 'Init', Init: 'Up', Up: 'Down' },
  Init: { AdminDown: 'Down', Down: 'Init', Init: 'Up', Up: 'Up' },
  Up: { AdminDown: 'Down', Down: 'Down', Init: 'Up', Up: 'Up' },
}

export function nextState(state: Living, received: BfdState): Living {
  return TRANSITIONS[state][received]
}
