/**
 * Label and field selectors: text → predicate. Knows neither kinds nor stored objects beyond labels and fields given to it.
 * A label selector is requirements with commas between them: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`.
 */
import { keyFaults, labelValueFaults } from './names.ts'
import { badRequest } from './status.ts'

export type Labels = Readonly<Record<string, string>>
/** Whether the labels, or the selectable fields, of an object match. */
export type Selector = (labels: Labels) => boolean

/** @throws ApiError 400 */
export function parseLabelSelector(text: string): Selector {
  const tokens = new Tokens(text)
  if (tokens.peek() === '') return () => true
  const tests: Selector[] = []
  for (;;) {
    const next = tokens.peek()
    if (next !== '!' && !isWord(next)) throw badRequest(`found '${next}', expected: !, identifier, or 'end of string'`)
    tests.push(requirement(tokens))
    const end = tokens.take()
    if (end === '') return labels => tests.every(test => test(labels))
    if (end !== ',') throw badRequest(`found '${end}', expected: ',' or 'end of string'`)
    const after = tokens.peek()
    if (after !== '!' && !isWord(after)) throw badRequest(`found '${after}', expected: identifier after ','`)
  }
}

/** The empty text is the end. */
class Tokens {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#tokens = text.match(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g) ?? []
  }

  peek(): string {
    return this.#tokens[this.#at] ?? ''
  }

  take(): string {
    return this.#tokens[this.#at++] ?? ''
  }
}

const isWord = (token: string) => /^[^\s=!(),<>]/.test(token)

function unparsable(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`)
}

function requirement(tokens: Tokens): Selector {
  const absent = tokens.peek() === '!'
  if (absent) tokens.take()
  const key = tokens.take()
  if (!isWord(key)) throw unparsable(`found '${key}', expected: identifier`)
  const [fault] = keyFaults(key)
  if (fault !== undefined) throw unparsable(`invalid label key "${key}": ${fault}`)
  const next = tokens.peek()
  if (absent || next === ',' || next === '') return labels => Object.hasOwn(labels, key) !== absent
  return comparison(key, tokens.take(), tokens)
}

function comparison(key: string, operator: string, tokens: Tokens): Selector {
  switch (operator) {
    case '=':
    case '==':
    case '!=': {
      const value = checked(key, isWord(tokens.peek()) ? tokens.take() : '')
      // a label that is absent differs from every value
      return labels => (labels[key] === value) === (operator !== '!=')
    }
    case 'in':
    case 'notin': {
      const values = new Set(valueList(tokens).map(value => checked(key, value)))
      return labels => (Object.hasOwn(labels, key) && values.has(labels[key]!)) === (operator === 'in')
    }
    case '>':
    case '<': {
      const value = tokens.take()
      if (!INTEGER.test(value)) throw unparsable("for 'Gt', 'Lt' operators, the value must be an integer")
      const sign = operator === '>' ? 1 : -1
      return labels => INTEGER.test(labels[key] ?? '') && sign * Number(labels[key]) > sign * Number(value)
    }
    default:
      throw unparsable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`)
  }
}

const INTEGER = /^-?\d+$/

function checked(key: string, value: string): string {
  const [fault] = labelValueFaults(value)
  if (fault !== undefined) throw unparsable(`invalid label value: "${value}": at key: "${key}": ${fault}`)
  return value
}

function valueList(tokens: Tokens): string[] {
  const open = tokens.take()
  if (open !== '(') throw unparsable(`found '${open}' expected: '('`)
  const values: string[] = []
  for (let word = ''; ; ) {
    const token = tokens.take()
    if (isWord(token)) word = token
    else if (token === ',' || token === ')') values.push(word)
    else throw unparsable(`found '${token}', expected: ',' or ')'`)
    if (token === ')') return values
    if (token === ',') word = ''
  }
}

/**
 * `metadata.name=n,spec.unschedulable!=true` over the fields a kind can be selected by.
 * @param refusal what is said of a field that is not one of `known`
 * @throws ApiError 400
 */
export function parseFieldSelector(
  text: string,
  known: readonly string[],
  refusal: (field: string) => string = field => `field label not supported: ${field}`,
): Selector {
  if (text.trim() === '') return () => true
  const tests = text.split(/(?<!\\),/).map(part => {
    const [, field, operator, value = ''] = /^\s*([^=!]+?)\s*(==|=|!=)(.*)$/.exec(part) ?? []
    if (field === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`)
    const [special] = /(?<!\\)=/.exec(value) ?? []
    if (special !== undefined)
      throw badRequest(`invalid field selector: unescaped character in value: ${special.charCodeAt(0)}`)
    if (!known.includes(field)) throw badRequest(refusal(field))
    const wanted = value.replace(/\\([\\,=])/g, '$1')
    return (fields: Labels) => ((fields[field] ?? '') === wanted) === (operator !== '!=')
  })
  return fields => tests.every(test => test(fields))
}
