/**
 * Label and field selectors: text → predicate. Knows neither kinds nor stored objects beyond labels and fields given to it.
 */
import { badRequest } from './status.ts'

export type Labels = Readonly<Record<string, string>>
/** Whether the labels, or the selectable fields, of an object match. */
export type Selector = (labels: Labels) => boolean

const KEY = '[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?'
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`)
const EQUALS = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`)
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`)

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k`. @throws ApiError 400 */
export function parseLabelSelector(text: string): Selector {
  // commas between brackets separate values, not requirements
  const requirements = text.split(/,(?![^(]*\))/).map(part => part.trim())
  if (text.trim() === '') return () => true
  const tests = requirements.map(labelRequirement)
  return labels => tests.every(test => test(labels))
}

function labelRequirement(text: string): Selector {
  const [, not, present] = EXISTS.exec(text) ?? []
  if (present !== undefined) return labels => Object.hasOwn(labels, present) === (not === '')
  const [, key, operator, value] = EQUALS.exec(text) ?? []
  // a label that is absent differs from every value
  if (key !== undefined) return labels => (labels[key] === value) === (operator !== '!=')
  const [, member, relation, list = ''] = SET.exec(text) ?? []
  if (member === undefined)
    throw badRequest(`unable to parse requirement: found '${text}', expected: a label requirement`)
  const values = new Set(list.split(',').map(item => item.trim()))
  return labels => (Object.hasOwn(labels, member) && values.has(labels[member]!)) === (relation === 'in')
}

/**
 * `metadata.name=n,spec.unschedulable!=true` over the fields a kind can be selected by.
 * @throws ApiError 400 for a field that is not one of `known`
 */
export function parseFieldSelector(text: string, known: readonly string[]): Selector {
  if (text.trim() === '') return () => true
  const tests = text.split(/(?<!\\),/).map(part => {
    const [, field, operator, value = ''] = /^\s*([^=!]+?)\s*(==|=|!=)(.*)$/.exec(part) ?? []
    if (field === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`)
    if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`)
    const wanted = value.replace(/\\([\\,=])/g, '$1')
    return (fields: Labels) => ((fields[field] ?? '') === wanted) === (operator !== '!=')
  })
  return fields => tests.every(test => test(fields))
}
