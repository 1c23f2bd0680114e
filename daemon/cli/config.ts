/** `podpeer config`: what is in force and where each value came from; and the judgement of a file before it is used. */
import { readFile } from 'node:fs/promises'
import { InputFault, reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { ConfigProblem } from '../config/index.ts'
import type { ControlClient } from '../control/client.ts'
import type { EffectiveConfig } from '../control/document.ts'
import { type TextOptions, type View, yamlText } from './output.ts'
import { type Look, paint } from './screen.ts'
import { renderNote } from './table.ts'

type Yaml = (value: unknown) => string

export async function configView(client: ControlClient): Promise<View<EffectiveConfig>> {
  const yaml = await yamlText('flow')
  return {
    ask: () => client.config(),
    text: (config, { look }) => renderConfig(config, look, yaml),
    steady: config => config,
  }
}

/** YAML that could be a file itself; behind each value, as a comment, where it came from. */
function renderConfig({ file, config, origins, rejected }: EffectiveConfig, look: Look, yaml: Yaml): string {
  const lines = linesOf(config, '', '', yaml)
  const width = Math.min(
    36,
    lines.reduce((most, { text }) => Math.max(most, text.length), 0),
  )
  const body = lines.map(({ text, path }) => {
    if (path === undefined) return `${text}\n`
    const origin = originOf(path, origins)
    return `${text.padEnd(width)}  ${paint(look, origin === 'default' ? 'faint' : 'good', `# ${origin}`)}\n`
  })
  const head = file === undefined ? '# no file\n' : `# ${file}\n`
  const refusal =
    rejected === undefined ? '' : renderNote(look, 'bad', `The file as it is now is not in force: ${rejected}`, '# ')
  return paint(look, 'faint', head) + refusal + body.join('')
}

interface ConfigLine {
  readonly text: string
  /** Of the value on this line; undefined: only a key. */
  readonly path?: string
}

function linesOf(value: object, path: string, indent: string, yaml: Yaml): ConfigLine[] {
  if (Array.isArray(value))
    return value.flatMap((item: object, at) => {
      const name = 'name' in item ? item.name : at
      const [first, ...rest] = linesOf(item, `${path}[${name}]`, `${indent}  `, yaml)
      return first === undefined ? [] : [{ ...first, text: `${indent}- ${first.text.trimStart()}` }, ...rest]
    })
  return Object.entries(value).flatMap(([key, item]): ConfigLine[] => {
    const inner = path === '' ? key : `${path}.${key}`
    if (isLeaf(item)) return [{ text: `${indent}${key}: ${yaml(item).trimEnd()}`, path: inner }]
    const deeper = Array.isArray(item) ? indent : `${indent}  `
    return [{ text: `${indent}${key}:` }, ...linesOf(item, inner, deeper, yaml)]
  })
}

/** Whether it stands on one line: whatever is not a mapping, nor a list of nothing but mappings. */
function isLeaf(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0 || !value.every(isMapping)
  return !isMapping(value) || Object.keys(value).length === 0
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** That of the nearest path above it that is named. */
export function originOf(path: string, origins: EffectiveConfig['origins']): string {
  for (let above = path; above !== ''; above = above.replace(/(^|\.)[^.[\]]*$|\[[^\]]*\]$/, '')) {
    const origin = origins[above]
    if (origin !== undefined) return origin
  }
  return 'default'
}

export interface CheckValue {
  readonly file: string
  readonly ok: boolean
  readonly problems: readonly ConfigProblem[]
}

export async function checkView(file: string): Promise<View<CheckValue>> {
  const { judgeFile, renderProblem } = await import('../config/index.ts')
  return {
    ask: async () => {
      const { problems } = judgeFile(await textOf(file))
      return { file, ok: problems.length === 0, problems }
    },
    text: ({ problems }, { look }: TextOptions) => {
      if (problems.length === 0) return `${file}: ${paint(look, 'good', 'ok')}\n`
      return problems.map(problem => `${file}: ${paint(look, 'bad', renderProblem(problem))}\n`).join('')
    },
    steady: value => value,
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new InputFault(file, 'there is no such file')
    if (code === 'EISDIR') throw new InputFault(file, 'is a folder', 'name the file')
    throw new WorldFault(code, `${file} cannot be read: ${reasonOf(error)}`, { retry: false })
  }
}
