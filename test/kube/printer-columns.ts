/** `additionalPrinterColumns` of a CRD: the JSONPath that they are said in, and the cells that they give. */
import type { KubeObject } from '../../lib/kube/object.ts'
import { renderAge } from './age.ts'
import { type Column, nameColumn } from './columns.ts'
import { isObject } from './json.ts'

export interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly jsonPath: string
  readonly format?: string
  readonly description?: string
  /** Above 0: with `-o wide` only. */
  readonly priority?: number
}

const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: '' }

/** The name, then what the CRD asks for; the age where it asks for nothing. */
export function printedColumns(columns: readonly PrinterColumn[] = [AGE]): readonly Column[] {
  return [nameColumn, ...columns.map(column)]
}

function column({ name, type, jsonPath, format = '', priority = 0, description }: PrinterColumn): Column {
  const find = parseJsonPath(jsonPath)
  const cell: Column['cell'] = (object, now) => cellOf(type, find(object), now)
  const told = description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`
  return { name, type, format, description: told, wide: priority > 0, cell }
}

function cellOf(type: PrinterColumn['type'], value: unknown, now: number): ReturnType<Column['cell']> {
  if (value === undefined) return null
  if (type === 'string') return typeof value === 'string' ? value : JSON.stringify(value, inOrder)
  if (type === 'date') return renderAge(typeof value === 'string' ? value : '', now)
  if (type === 'boolean') return typeof value === 'boolean' ? value : null
  return typeof value === 'number' ? (type === 'integer' ? Math.trunc(value) : value) : null
}

/** As the server writes objects: their fields by the alphabet. */
function inOrder(_: string, value: unknown): unknown {
  return isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value
}

type Step = (values: readonly unknown[]) => unknown[]

const MEMBER = /^\.?([A-Za-z0-9_$-](?:\\.|[^.[\\])*)/
const QUOTED = /^\[(?:'([^']*)'|"([^"]*)")\]/
const INDEX = /^\[(\d+|\*)\]/
const FILTER = /^\[\?\(@\.?([^=!<>\s]+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([^)\s]+))\s*\)\]/

/**
 * Fields, `['quoted fields']`, `[0]`, `[*]` and `[?(@.type=="Ready")]`: the first match is the value.
 * @throws Error for anything else
 */
function parseJsonPath(text: string): (object: KubeObject) => unknown {
  const steps: Step[] = []
  for (let rest = text.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, ''); rest !== '' && rest !== '.'; ) {
    const found = nextStep(rest)
    if (found === undefined) throw new Error(`no such JSONPath here: ${rest}`)
    steps.push(found.step)
    rest = rest.slice(found.length)
  }
  return object => steps.reduce<unknown[]>((values, step) => step(values), [object])[0]
}

function nextStep(rest: string): { step: Step; length: number } | undefined {
  const filter = FILTER.exec(rest)
  if (filter !== null) return { step: chosen(filter), length: filter[0].length }
  const index = INDEX.exec(rest)
  if (index !== null) return { step: indexed(index[1]!), length: index[0].length }
  const named = QUOTED.exec(rest) ?? MEMBER.exec(rest)
  if (named === null) return undefined
  const name = (named[1] ?? named[2] ?? '').replace(/\\(.)/g, '$1')
  const step: Step = values =>
    values.flatMap(value => (isObject(value) && Object.hasOwn(value, name) ? [value[name]] : []))
  return { step, length: named[0].length }
}

function indexed(which: string): Step {
  return values =>
    values.flatMap(value => {
      const all = Array.isArray(value) ? value : isObject(value) && which === '*' ? Object.values(value) : []
      return which === '*' ? all : all.slice(Number(which), Number(which) + 1)
    })
}

function chosen([, path = '', operator, double, single, bare]: RegExpExecArray): Step {
  const find = parseJsonPath(`.${path}`)
  const wanted = double ?? single ?? bare
  return values =>
    values
      .flatMap(value => (Array.isArray(value) ? value : []))
      .filter(item => (String(find(item)) === wanted) === (operator === '=='))
}
