/**
 * What two servers may rightly say differently, taken out of their answers: uids, versions, times, tokens, made-up names.
 * Uids and versions of objects become numbers in the order in which they appear, so "the same again" stays visible.
 */
import type { Answer } from './asker.ts'

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g
const AGE = /^(\d+[smhdy]){1,2}$/
/** Where texts tell versions: of a watch that is too old, of a list at a version to come, of an object that moved on. */
const VERSIONS =
  /(?<=resource version: |, current: |ResourceVersion in record |[Rr]esourceVersion\W{1,5})\(?\d+\)?|(?<=resource version: \d+ )\(\d+\)/g
/** Where a text shows what was meant for nobody. */
const POINTER = /\b0xc[0-9a-f]{6,}\b/g

/** One per transcript: it remembers what it has seen. */
export class Normal {
  readonly #uids = new Map<string, number>()
  readonly #versions = new Map<string, number>()
  readonly #managedFields: boolean

  /** @param managedFields whether they are compared: they are of interest where somebody applies */
  constructor(managedFields: boolean) {
    this.#managedFields = managedFields
  }

  answer({ code, type, warning, retryAfter, body }: Answer): unknown {
    return {
      code,
      type,
      ...(warning === undefined ? {} : { warning }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
      body: this.value(body),
    }
  }

  /** @param field that holds it */
  value(value: unknown, field = ''): unknown {
    if (typeof value === 'string') return this.#text(value, field)
    if (Array.isArray(value)) return value.map(item => this.value(item, field))
    if (typeof value !== 'object' || value === null) return value
    if ('type' in value && value.type === 'BOOKMARK') return { type: value.type }
    const fields = Object.entries(value).flatMap(([name, inner]) => {
      if (name === 'managedFields') return this.#managedFields ? [[name, this.value(inManagersOrder(inner))]] : []
      return [[name, this.value(name === 'metadata' && isOfMany(value) ? withoutVersion(inner) : inner, name)]]
    })
    const made = Object.fromEntries(fields) as Record<string, unknown>
    const { generateName, name } = made
    if (typeof generateName === 'string' && typeof name === 'string' && name.startsWith(generateName))
      made['name'] = `${generateName}<suffix>`
    return made
  }

  #text(text: string, field: string): string {
    if (text === '' || text === SOME) return text
    if (field === 'resourceVersion') return `<version ${numberOf(this.#versions, text)}>`
    if (field === 'continue') return '<token>'
    if (field === 'cells' && AGE.test(text)) return '<age>'
    return (
      text
        .replace(UID, uid => `<uid ${numberOf(this.#uids, uid)}>`)
        .replace(TIME, '<time>')
        .replace(VERSIONS, SOME)
        .replace(POINTER, '<pointer>')
        // Go shows differences with blanks of either kind, by chance, so that nobody relies on them
        .replaceAll('\u00a0', ' ')
    )
  }
}

const SOME = '<version>'

/** Servers sort them by the second of the change, so that the tick of a second between two changes would show. */
function inManagersOrder(managedFields: unknown): unknown {
  if (!Array.isArray(managedFields)) return managedFields
  const key = (entry: Record<string, string>) =>
    ['operation', 'manager', 'apiVersion', 'subresource'].map(field => entry[field] ?? '').join('\n')
  return managedFields.toSorted((a, b) => key(a).localeCompare(key(b)))
}

/** Lists and Tables have the version of the whole store, which moves for reasons of its own. */
function isOfMany(value: object): boolean {
  return 'items' in value || 'rows' in value
}

function withoutVersion(metadata: unknown): unknown {
  const { resourceVersion, ...rest } = metadata as { resourceVersion?: string }
  return resourceVersion === undefined ? rest : { resourceVersion: resourceVersion && SOME, ...rest }
}

function numberOf(known: Map<string, number>, text: string): number {
  const number = known.get(text) ?? known.size + 1
  known.set(text, number)
  return number
}
