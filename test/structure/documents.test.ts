/** What the documents promise is there: files they link to, scripts, commands, options, exit codes. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { commandTree } from '../../daemon/cli/command-tree.ts'
import { exitCode } from '../../daemon/cli/exit-code.ts'
import { openScreen } from '../../daemon/cli/screen.ts'
import { judgeFile } from '../../daemon/config/index.ts'
import { agentSchema } from '../../daemon/config/schema.ts'
import { specSchema } from '../../lib/bigip/resource-schema.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const documents = globSync(['*.md', 'docs/*.md'], { cwd: ROOT }).sort()
const operating = read('docs/operating.md')
const bigip = read('docs/bigip.md')

test('every file that a document links to is there', () => {
  const missing = documents.flatMap(path =>
    Array.from(read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g), match => match[1]!)
      .filter(target => !existsSync(join(ROOT, dirname(path), target)))
      .map(target => `${path} → ${target}`),
  )
  assert.deepEqual(missing, [])
})

test('every script that a document names is one of package.json', () => {
  const { scripts } = JSON.parse(read('package.json'))
  for (const path of documents)
    for (const [, name] of read(path).matchAll(/`npm (?:run )?([a-z]+)/g))
      assert.ok(['ci', 'cit', 'install', 'pack'].includes(name!) || name! in scripts, `${path}: npm ${name}`)
})

test('every command and every option of it is told how to operate', () => {
  const tree = commandTree(openScreen(process.stdout, process.stderr, {}), {}, () => {})
  const walk = (command: Command): void => {
    for (const inner of command
      .createHelp()
      .visibleCommands(command)
      .filter(one => one.name() !== 'help')) {
      assert.ok(operating.includes(inner.name()), inner.name())
      for (const { long } of inner.options) assert.ok(long === '--output' || operating.includes(long!), `${long}`)
      walk(inner)
    }
  }
  walk(tree)
})

test('every exit code is told', () => {
  for (const code of Object.values(exitCode)) assert.match(operating, new RegExp(`^\\| ${code} \\|`, 'm'))
})

test('every example of an agent file is one', () => {
  const examples = ['README.md', 'docs/operating.md', 'docs/vxlan.md'].flatMap(path =>
    Array.from(read(path).matchAll(/^```yaml\n(.*?)^```/gms), ([, text]) => ({ path, text: text! })),
  )
  const files = examples.filter(({ text }) => !/^(apiVersion|components):/m.test(text))
  assert.ok(files.length >= 4)
  for (const { path, text } of files) assert.deepEqual(judgeFile(text).problems, [], `${path}: ${text}`)
})

/** The row of a table whose first cell names a key. */
function rowOf(key: string): string {
  const row = operating.split('\n').find(line => line.startsWith('|') && line.split('|')[1]!.includes(`\`${key}\``))
  assert.ok(row !== undefined, `no row tells ${key}`)
  return row
}

test('every key of the configuration is told, with the default that the schema has', () => {
  const walk = (properties: object, path: string): void => {
    for (const [key, schema] of Object.entries(properties)) {
      if ('properties' in schema) walk(schema.properties, `${path}${key}.`)
      else if (typeof schema.default !== 'object') assert.ok(rowOf(path + key).includes(`${schema.default ?? ''}`), key)
      else rowOf(path + key)
    }
  }
  walk(agentSchema.properties, '')
  const { gracefulRestart: _, ...peer } = agentSchema.properties.peers.items.properties
  walk(peer, '')
})

/** Words with hyphens between such quotes. */
function hyphenated(text: string, quote: "'" | '`'): string[] {
  return Array.from(text.matchAll(new RegExp(`${quote}([a-z0-9]+(?:-[a-z0-9]+)+)${quote}`, 'g')), found => found[1]!)
}

test('every finding is told, and no other', () => {
  const told = new Set(hyphenated(bigip.split('## Findings')[1]!.split('\n## ')[0]!, '`'))
  told.delete('iptables-save')
  const sources = globSync(['lib/{bigip,cni,controller}/**/*.ts', 'daemon/cli/*.ts'], { cwd: ROOT })
  const codes = new Set(
    sources.flatMap(path =>
      Array.from(read(path).matchAll(/(?:code: |refuse\(\s*)[^,\n]*/g), ([line]) => hyphenated(line, "'")).flat(),
    ),
  )
  assert.ok(codes.size > 40)
  assert.deepEqual([...told].sort(), [...codes].sort())
})

test('every field of a BIGIP is told, and every mode', () => {
  const walk = (properties: object): void => {
    for (const [key, schema] of Object.entries(properties)) {
      assert.ok(new RegExp(`\\b${key}\\b`).test(bigip), key)
      walk(schema.properties ?? schema.items?.properties ?? {})
    }
  }
  walk(specSchema.properties)
  for (const mode of specSchema.properties.mode.enum) assert.ok(bigip.includes(`\`${mode}\``), mode)
})
