/** The shape of the house, asserted from the imports: docs/architecture.md says it in words. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const PRODUCT = ['lib', 'bgp', 'vxlan', 'daemon']
const LONGEST_FILE = 500

interface Import {
  /** Path of a file of ours from the root, or the name of a package. */
  readonly target: string
  readonly ours: boolean
  /** By `import()` or a worker's URL, or of types alone: nothing that is loaded at the start. */
  readonly late: boolean
}

interface Source {
  readonly path: string
  readonly lines: number
  readonly code: string
  readonly imports: readonly Import[]
}

const NAMES = /(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+(?:\s*,\s*\{[^}]*\})?)/.source
const STATIC = new RegExp(`^(?:import\\s+|(?:import|export)\\s+(type\\s+)?${NAMES}\\s+from\\s+)'([^']+)'`, 'gm')
const LATE = /\b(import|new URL)\(\s*['`]([^'`$]+)/g

function read(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8')
  // comments and their examples are not code
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const found = (pattern: RegExp, late: boolean): Import[] =>
    Array.from(code.matchAll(pattern), match => {
      const specifier = match[2]!
      const ours = specifier.startsWith('.')
      return {
        target: ours ? join(dirname(path), specifier) : packageOf(specifier),
        ours,
        late: late || match[1] !== undefined,
      }
    })
  return { path, lines: text.split('\n').length - 1, code, imports: [...found(STATIC, false), ...found(LATE, true)] }
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

const sources = globSync(
  [...PRODUCT, 'test', 'tools'].map(folder => `${folder}/**/*.{ts,js}`),
  { cwd: ROOT },
)
  .sort()
  .map(read)
const product = sources.filter(({ path }) => PRODUCT.includes(path.split('/')[0]!))

function under(path: string, folders: readonly string[]): boolean {
  return folders.some(folder => path === folder || path.startsWith(`${folder}/`))
}

/** `path → target` of every import of ours that goes from `from` to anywhere but `to`. */
function strays(from: (path: string) => boolean, to: readonly string[]): string[] {
  return product
    .filter(({ path }) => from(path))
    .flatMap(({ path, imports }) =>
      imports.filter(({ ours, target }) => ours && !under(target, to)).map(({ target }) => `${path} → ${target}`),
    )
}

const inside =
  (folder: string) =>
  (path: string): boolean =>
    under(path, [folder])

test('there are imports to judge', () => {
  assert.ok(product.length > 50)
  assert.ok(product.flatMap(({ imports }) => imports).filter(({ ours }) => ours).length > 100)
})

for (const [name, from, to] of [
  ['lib/base knows only itself', inside('lib/base'), ['lib/base']],
  ['lib/linux knows lib/base', inside('lib/linux'), ['lib/base', 'lib/linux']],
  ['vxlan knows lib/base and lib/linux, and never bgp', inside('vxlan'), ['lib/base', 'lib/linux', 'vxlan']],
  ['lib knows no daemon', inside('lib'), ['lib', 'bgp', 'vxlan']],
  ['lib/kube knows lib/base', inside('lib/kube'), ['lib/base', 'lib/kube']],
  ['lib/schema knows lib/base', inside('lib/schema'), ['lib/base', 'lib/schema']],
  ['the daemon knows all but the tests', inside('daemon'), PRODUCT],
  [
    'the configuration knows values of the engine, and what BIGIP objects say',
    inside('daemon/config'),
    [
      'lib/base',
      'lib/schema',
      'lib/bigip/resource.ts',
      'lib/bigip/routing/advertisement.ts',
      'lib/kube/object.ts',
      'bgp',
      'daemon/config',
    ],
  ],
  [
    'the control API knows documents, and no agent',
    inside('daemon/control'),
    ['lib/base', 'daemon/control', 'daemon/http.ts', 'daemon/version.ts'],
  ],
  [
    'the command line asks over the control APIs, starts agent and controller as wholes, and judges what it reads here',
    inside('daemon/cli'),
    [
      'lib/base',
      'bgp/index.ts',
      'bgp/io/clock.ts',
      'bgp/io/transport.ts',
      'bgp/message-digest.ts',
      'bgp/mrt',
      'bgp/update-digest.ts',
      'lib/bigip/doctor.ts',
      'lib/linux/firewall',
      'daemon/cli',
      'daemon/control',
      'daemon/controller/client.ts',
      'daemon/controller/document.ts',
      'daemon/controller/once.ts',
      'daemon/controller/process.ts',
      'daemon/controller/stand-ins.ts',
      'daemon/config',
      'daemon/version.ts',
      'daemon/agent/process.ts',
    ],
  ],
  ['bgp/wire knows only lib/base', inside('bgp/wire'), ['lib/base', 'bgp/wire']],
  ['bgp/session knows the wire, and no RIB', inside('bgp/session'), ['lib/base', 'bgp/wire', 'bgp/session']],
  ['bgp/rib knows the wire, and no session', inside('bgp/rib'), ['lib/base', 'bgp/wire', 'bgp/rib']],
  [
    'of bgp only bgp/io knows the kernel',
    (path: string) => under(path, ['bgp']) && !under(path, ['bgp/io']),
    ['lib/base', 'bgp'],
  ],
  ['bgp/io knows the kernel and the engine, and never vxlan', inside('bgp/io'), ['lib/base', 'lib/linux', 'bgp']],
] as const)
  test(name, () => assert.deepEqual(strays(from, to), []))

test('the engine knows no io', () => {
  const io = product
    .filter(({ path }) => under(path, ['bgp']) && !under(path, ['bgp/io']))
    .flatMap(({ path, imports }) => imports.filter(({ target }) => under(target, ['bgp/io'])).map(() => path))
  assert.deepEqual(io, [])
})

test('the engine has no clock, no randomness and no global of the process', () => {
  const engine = product.filter(({ path }) => under(path, ['bgp', 'lib/base']) && !under(path, ['bgp/io']))
  for (const word of ['Date.now', 'Math.random', 'performance.now', 'setTimeout(', 'setImmediate(', 'process.'])
    assert.deepEqual(
      engine.filter(({ code }) => code.includes(word)).map(({ path }) => path),
      [],
      word,
    )
})

test('every file that is imported is there', () => {
  const there = new Set(sources.map(({ path }) => path))
  const missing = sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ ours, late, target }) => ours && !late && target.endsWith('.ts') && !there.has(target))
      .map(({ target }) => `${path} → ${target}`),
  )
  assert.deepEqual(missing, [])
})

function importersOf(name: string): string[] {
  return product.filter(({ imports }) => imports.some(({ target }) => target === name)).map(({ path }) => path)
}

test('the native binding is in one file, and the Kubernetes client in one folder', () => {
  assert.deepEqual(importersOf('koffi'), ['lib/linux/libc.ts'])
  assert.deepEqual(
    importersOf('@kubernetes/client-node').filter(path => !under(path, ['lib/kube'])),
    [],
  )
})

test('the product imports only packages that its users get', () => {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const known = new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies), 'podpeer'])
  const strangers = product.flatMap(({ path, imports }) =>
    imports
      .filter(({ ours, target }) => !ours && !target.startsWith('node:') && !known.has(target))
      .map(({ target }) => `${path} → ${target}`),
  )
  assert.deepEqual(strangers, [])
})

test('the command line starts without loading anything heavy', () => {
  const byPath = new Map(sources.map(source => [source.path, source]))
  const seen = new Set<string>()
  const packages = new Set<string>()
  const visit = (path: string): void => {
    if (seen.has(path)) return
    seen.add(path)
    for (const { ours, late, target } of byPath.get(path)?.imports ?? [])
      if (late) continue
      else if (ours) visit(target)
      else if (!target.startsWith('node:')) packages.add(target)
  }
  visit('daemon/main.ts')
  visit('daemon/cli/program.ts')
  assert.ok(seen.has('daemon/cli/command-tree.ts'))
  assert.deepEqual([...packages].sort(), ['commander', 'ip-num'])
})

test('only the daemon speaks to a console', () => {
  const loud = product.filter(({ path, code }) => !under(path, ['daemon']) && /\bconsole\./.test(code))
  assert.deepEqual(
    loud.map(({ path }) => path),
    [],
  )
})

test(`no file has more than ${LONGEST_FILE} lines`, () => {
  assert.deepEqual(
    sources.filter(({ lines }) => lines > LONGEST_FILE).map(({ path, lines }) => `${path}: ${lines}`),
    [],
  )
})

test('every file of the product opens with what it is responsible for', () => {
  const silent = product.filter(
    ({ path }) => !/^(#!.*\n)?\s*(\/\*\*|\/\/)/.test(readFileSync(join(ROOT, path), 'utf8')),
  )
  assert.deepEqual(
    silent.map(({ path }) => path),
    [],
  )
})
