/** The package as its users get it: packed, installed elsewhere without a compiler, run, and type-checked against. */
import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { version } from '../../daemon/version.ts'

const ROOT = join(import.meta.dirname, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'podpeer-package-'))
const consumer = join(scratch, 'consumer')
const tools = join(scratch, 'bin')
let files: readonly { readonly path: string; readonly mode: number }[]

/** Of npm's own: the environment that npm gives to scripts would bend the npm that we run. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) && name !== 'NODE_OPTIONS'),
)

function run(
  cwd: string,
  command: string,
  args: readonly string[],
  path = process.env['PATH']!,
): SpawnSyncReturns<string> {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...environment, PATH: path } })
  assert.equal(result.status, 0, `${command} ${args.join(' ')}\n${result.error ?? ''}${result.stdout}${result.stderr}`)
  return result
}

/** A folder with nothing in it but node, npm and the shell: no compiler, no make, no Python. */
function bareTools(): void {
  mkdirSync(tools)
  const found = (name: string): string | undefined =>
    process.env['PATH']!.split(delimiter)
      .map(folder => join(folder, name))
      .find(existsSync)
  symlinkSync(process.execPath, join(tools, 'node'))
  for (const name of ['npm', 'sh', 'env']) symlinkSync(found(name)!, join(tools, name))
}

before(() => {
  const { stdout } = run(ROOT, 'npm', ['pack', '--json', '--pack-destination', scratch])
  files = JSON.parse(stdout)[0].files
  bareTools()
  mkdirSync(consumer)
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const tarball = join(scratch, `podpeer-${version}.tgz`)
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline']
  run(consumer, 'npm', ['install', '--omit=dev', ...quiet, tarball], tools)
})
after(() => rmSync(scratch, { recursive: true, force: true }))

test('it holds what is needed to run it and to read about it, and no sources, tests or tools', () => {
  const paths = files.map(({ path }) => path)
  for (const path of ['README.md', 'LICENSE', 'CHANGELOG.md', 'docs/operating.md', 'dist/daemon/main.js'])
    assert.ok(paths.includes(path), path)
  const strangers = paths.filter(
    path => !/^(dist\/.*\.(js|d\.ts)|docs\/.*\.md|[A-Z]+(\.md)?|package\.json)$/.test(path),
  )
  assert.deepEqual(strangers, [])
})

test('without a compiler the install succeeds, and podpeer runs', () => {
  const program = join(consumer, 'node_modules/.bin/podpeer')
  accessSync(program, constants.X_OK)
  assert.equal(run(consumer, program, ['--version'], tools).stdout, `${version}\n`)
  assert.match(run(consumer, program, ['config', 'schema'], tools).stdout, /"podpeer agent"/)
  assert.ok(!existsSync(join(consumer, 'node_modules/raw-socket/build/Release/raw.node')), 'there was a compiler')
})

test('what needs no root of its dependencies is there: the agent judges its configuration, and loads', () => {
  writeFileSync(join(consumer, 'agent.yaml'), 'asNumber: 65010\nkubernetes: { enabled: false }\n')
  const program = join(consumer, 'node_modules/.bin/podpeer')
  assert.match(run(consumer, program, ['config', 'check', 'agent.yaml'], tools).stdout, /: ok$/m)
  const load = `await import('${join(consumer, 'node_modules/podpeer/dist/daemon/agent/process.js')}')`
  run(consumer, join(tools, 'node'), ['--input-type=module', '--eval', load], tools)
})

test('the library runs, and type-checks in a strict consumer that has no other types', () => {
  writeFileSync(join(consumer, 'consumer.ts'), CONSUMER)
  writeFileSync(
    join(consumer, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...STRICT, noEmit: true }, files: ['consumer.ts'] }),
  )
  run(consumer, join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.'])
  assert.equal(run(consumer, process.execPath, ['consumer.ts']).stdout, '2001:db8::/32 true PODPEER_INPUT\n')
})

const STRICT = {
  target: 'es2024',
  lib: ['es2024'],
  module: 'nodenext',
  types: [],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
}

const CONSUMER = `
import { InputFault, type Prefix, parsePrefix } from 'podpeer'
import { ACCEPT, type Policy, Speaker, type SpeakerWorld } from 'podpeer/bgp'
import * as overlay from 'podpeer/vxlan'

declare const console: { log(...words: unknown[]): void }
const prefix: Prefix = parsePrefix('2001:db8::/32')
const policy: Policy = { ...ACCEPT, name: 'all' }
export const make = (world: SpeakerWorld): Speaker =>
  new Speaker({ asNumber: 65010, routerId: 1, clusterId: 1, maxPaths: 1, kernel: false }, world)
const code = (): string => {
  try {
    return parsePrefix('192.0.2.1/24').toString()
  } catch (error) {
    return error instanceof InputFault ? error.code : 'another'
  }
}
console.log(\`\${prefix}\`, policy.otherwise === 'accept' && typeof overlay === 'object' && Speaker.length > 0, code())
`
