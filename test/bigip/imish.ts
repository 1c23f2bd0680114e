/** stub */
import type { Unit } from './unit.ts'
export async function runImish(
  _unit: Unit,
  _routeDomain: number,
  _lines: readonly string[],
  _mode: 'exec' | 'configure',
): Promise<string> {
  return ''
}
