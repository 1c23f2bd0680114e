/**
 * One value, rendered as text, JSON or YAML, once or each time it changes. JSON and YAML carry `format: 1`: the version of
 * the documented shapes, no other. What the value is and how its text looks is each command's own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { Look, Screen } from './screen.ts'
import { renderNote } from './table.ts'

export type OutputFormat = 'table' | 'wide' | 'json' | 'yaml'

export const OUTPUT_FORMATS: readonly OutputFormat[] = ['table', 'wide', 'json', 'yaml']

export const FORMAT = 1

export interface TextOptions {
  readonly look: Look
  readonly wide: boolean
  /** Milliseconds since the epoch, for what is told as an age. */
  readonly now: number
}

export interface View<Value extends object> {
  ask(): Promise<Value>
  text(value: Value, options: TextOptions): string
  /** The part that counts as a change: without what grows by itself, such as an uptime. */
  steady(value: Value): unknown
}

/** Milliseconds between two looks of `--watch`. */
const PERIOD = 1000

/** Cursor home; erase to the end of the line; erase to the end of the screen (ECMA-48 §8.3.21, .41, .39). */
const [HOME, END_LINE, END_SCREEN] = ['\x1b[H', '\x1b[K', '\x1b[J']

export async function show<Value extends object>(
  view: View<Value>,
  screen: Screen,
  format: OutputFormat,
): Promise<Value> {
  const value = await view.ask()
  await screen.write(await render(view, value, screen, format))
  return value
}

/** Until the program is ended. An agent that goes away is waited for. */
export async function watch<Value extends object>(
  view: View<Value>,
  screen: Screen,
  format: OutputFormat,
): Promise<never> {
  const redraws = screen.isTerminal && (format === 'table' || format === 'wide')
  let last: string | undefined
  for (;;) {
    let text: string
    let steady: string
    try {
      const value = await view.ask()
      steady = JSON.stringify(view.steady(value))
      text = redraws ? await render(view, value, screen, format) : await renderChange(view, value, screen, format)
    } catch (error) {
      if (!(error instanceof WorldFault && error.retry)) throw error
      steady = text = renderNote(screen, 'bad', `podpeer: ${reasonOf(error)}`, '')
      if (!redraws && steady !== last) screen.complain(`${reasonOf(error)}; waiting for it`)
      if (!redraws) text = ''
    }
    if (redraws) await screen.write(redrawn(text, screen.rows))
    else if (steady !== last) await screen.write(text)
    last = steady
    await sleep(PERIOD)
  }
}

/** Over what was there before; what would scroll is left out. */
function redrawn(text: string, rows = Infinity): string {
  const lines = text.split('\n').slice(0, rows - 1)
  return HOME + lines.map(line => `${line}${END_LINE}\n`).join('') + END_SCREEN
}

async function render<Value extends object>(
  view: View<Value>,
  value: Value,
  look: Look,
  format: OutputFormat,
): Promise<string> {
  if (format === 'json') return `${JSON.stringify(document(value), undefined, 2)}\n`
  if (format === 'yaml') return renderYaml(document(value))
  return view.text(value, { look, wide: format === 'wide', now: Date.now() })
}

/** Of a stream of documents: JSON one a line, YAML with a separator. */
async function renderChange<Value extends object>(
  view: View<Value>,
  value: Value,
  look: Look,
  format: OutputFormat,
): Promise<string> {
  if (format === 'json') return `${JSON.stringify(document(value))}\n`
  if (format === 'yaml') return `---\n${await renderYaml(document(value))}`
  return `${await render(view, value, look, format)}\n`
}

function document(value: object): object {
  return { format: FORMAT, ...value }
}

export async function renderYaml(value: unknown): Promise<string> {
  return (await yamlText('any'))(value)
}

/** How a value is written as YAML; the library is loaded only when it is needed. */
export async function yamlText(style: 'any' | 'flow'): Promise<(value: unknown) => string> {
  const { stringify } = await import('yaml')
  // readers of YAML 1.1 take 12:30:00 for a number unless it is quoted
  const options = { lineWidth: 0, aliasDuplicateObjects: false, collectionStyle: style, compat: 'yaml-1.1' } as const
  return value => stringify(value, options)
}
