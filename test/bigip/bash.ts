/** `util/bash`. */
import type { Unit } from './unit.ts'
export async function runBash(_unit: Unit, _text: string): Promise<string> {
  return ''
}
