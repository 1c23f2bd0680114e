/**
 * BIGIP objects of a YAML file, as `kubectl apply` would take them: one document each. Every problem is told with its line. Knows
 * text; who reads it from a disk is elsewhere.
 */
import { type Document, LineCounter, type Node, parseAllDocuments } from 'yaml'
import { reasonOf } from '../base/failure.ts'
import type { KubeObject } from '../kube/object.ts'
import { isFields } from '../schema/judge.ts'
import { lineOf } from '../schema/line.ts'
import { type ConfigProblem, faultOf } from '../schema/problem.ts'
import { judgeBigIp } from './resource.ts'

/** @throws InputFault with the first problem, and how many more there are */
export function parseBigIpFile(text: string): KubeObject[] {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines }) as Document.Parsed[]
  const read = documents.map(document => readDocument(document, lines)).filter(one => one !== undefined)
  const problems = read.flatMap(one => one.problems)
  if (read.length === 0) problems.push({ path: '', problem: 'it has no BIGIP object', fix: 'write one' })
  const names = read.map(({ object }) => object?.metadata.name)
  const twice = names.find((name, at) => name !== undefined && names.indexOf(name) !== at)
  if (twice !== undefined)
    problems.push({ path: 'metadata.name', problem: `${twice} is there twice`, fix: 'choose another name' })
  const [first, ...others] = problems
  if (first !== undefined) throw faultOf([first, ...others])
  return read.flatMap(({ object }) => object ?? [])
}

interface Read {
  readonly object?: KubeObject
  readonly problems: ConfigProblem[]
}

/** Undefined: an empty document. */
function readDocument(document: Document.Parsed, lines: LineCounter): Read | undefined {
  const broken = document.errors[0]
  if (broken !== undefined) {
    const problem = broken.message.split(' at line ')[0]!
    return { problems: [{ path: '', problem, fix: '', line: lines.linePos(broken.pos[0]).line }] }
  }
  let value: unknown
  try {
    value = document.toJS()
  } catch (thrown) {
    // aliases of nothing, or so many that they would fill the memory
    return { problems: [{ path: '', problem: reasonOf(thrown), fix: 'write the values out', line: 1 }] }
  }
  if (value === null || value === undefined) return undefined
  const root = document.contents as Node | null
  if (!isFields(value))
    return {
      problems: [{ path: '', problem: 'is not an object', fix: 'write a BIGIP', line: lineOf(root, '', lines) }],
    }
  const object = value as unknown as KubeObject
  const problems = judgeBigIp(object).map(problem => ({ ...problem, line: lineOf(root, problem.path, lines) }))
  return problems.length > 0 ? { problems } : { object, problems }
}
