/** The example of the README, as it stands there: type-checked, and run against the BIG-IP stand-in. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { promisify } from 'node:util'
import { BigIp } from '../bigip/big-ip.ts'

const ROOT = join(import.meta.dirname, '../..')
// inside of the package, so that `podpeer` is this very source; not in node_modules, where Node takes no TypeScript
const folder = mkdtempSync(join(import.meta.dirname, '.example-'))
const source = join(folder, 'example.ts')
let device: BigIp

before(async () => {
  device = await BigIp.start()
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const [, example] = /```ts\n(import \{ readFile \}.*?)```/s.exec(readme) ?? []
  assert.ok(example !== undefined, 'the README has no example')
  writeFileSync(source, example)
  writeFileSync(join(folder, 'bigip-ca.crt'), device.ca)
})
after(async () => {
  await device.close()
  rmSync(folder, { recursive: true, force: true })
})

it('type-checks under strict flags', () => {
  const options = { noEmit: true, include: [], files: [source] }
  const project = join(folder, 'tsconfig.json')
  writeFileSync(project, JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), ...options }))
  const tsc = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['--noEmit', '-p', project], { encoding: 'utf8' })
  assert.equal(tsc.status, 0, tsc.stdout)
})

it('makes the routes of its nodes, and tells each', async () => {
  const env = { ...process.env, BIGIP_URL: device.url, BIGIP_PASSWORD: device.credentials.password }
  const args = ['--conditions=podpeer-source', source]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env })
  assert.match(stdout, /^bigip-a: 2 changes\nbigip-a create .+\nbigip-a create .+\n$/)
  const routes = await device.list('/tm/net/route')
  assert.deepEqual(routes.map(({ network, gw }) => `${network} ${gw}`).sort(), [
    '10.244.1.0/24 10.1.10.11',
    '10.244.2.0/24 10.1.10.12',
  ])
})
