/** The prompt of imish: in which mode its next line is read, and what it says to one that it does not take. */
import type { Box } from './box.ts'
import type { IpFamily } from './device-world.ts'

/** Where the prompt is. */
export type Mode =
  | { readonly name: 'exec' | 'configure' }
  | { readonly name: 'router'; readonly process: string; readonly family: IpFamily }
  | { readonly name: 'route-map'; readonly path: string; readonly sequence: string }

export interface Prompt {
  readonly box: Box
  readonly routeDomain: number
  mode: Mode
}

/** A line that does not fit, in the words of imish. */
export class LineError extends Error {}

export const INVALID = "% Invalid input detected at '^' marker."
