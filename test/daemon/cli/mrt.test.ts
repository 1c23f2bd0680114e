/** What `podpeer mrt` writes, reads, and refuses. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { agentApi } from '../../../daemon/control/api.ts'
import type { MonitorEvent } from '../../../daemon/control/message-document.ts'
import { type ControlServer, serveControl } from '../../../daemon/control/server.ts'
import { until } from '../../until.ts'
import { MESSAGES, SampleSource } from '../control/sample-source.ts'
import { run, start } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'podpeer-mrt-'))
const socket = join(folder, 'agent.sock')
const here = { PODPEER_SOCKET: socket, TZ: 'UTC' }
const source = new SampleSource()
let server: ControlServer

before(async () => {
  server = await serveControl({ socket, api: agentApi(source), report: bug => console.error(bug) })
})
after(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const session = { address: '10.0.1.254', asNumber: 65100, localAs: 65010, fourOctetAs: true, addPath: [] }
const keepalive: MonitorEvent = { ...MESSAGES[1]!, event: 'message', peer: 'tor', session }

test('a dump goes to the file, or through a pipe', async () => {
  const out = join(folder, 'table.mrt')
  writeFileSync(out, 'what was there before')
  const nobody = ['--socket', join(folder, 'none.sock')]
  assert.equal((await run(['mrt', 'dump', '--out', out, ...nobody])).code, 3)
  assert.equal(readFileSync(out, 'utf8'), 'what was there before')
  assert.equal((await run(['mrt', 'dump', '--out', out], here)).code, 0)
  assert.deepEqual([...readFileSync(out)], [1, 2, 3])
  assert.equal((await run(['mrt', 'dump'], here)).out, '\x01\x02\x03')
})

test('a recording is turned over by size, keeps so many files, and every one can be read', async () => {
  const path = join(folder, 'updates.mrt')
  const child = start(['mrt', 'record', path, '--rotate', '200', '--keep', '2'], here)
  await until('it records', () => existsSync(path))
  const { feed } = source.listening[0]!
  for (let count = 0; count < 20; count++) {
    const before = statSync(path)
    feed.offer(0, () => () => keepalive)
    await until('it is written', () => {
      // between two files of that name there is none for a moment, and then one with nothing in it
      const now = statSync(path, { throwIfNoEntry: false })
      return now !== undefined && now.size > 0 && (now.size !== before.size || now.ino !== before.ino)
    })
  }
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'close'), [0, null])
  const files = readdirSync(folder).filter(name => name.startsWith('updates'))
  assert.deepEqual(files.sort(), ['updates.mrt', 'updates.mrt.1', 'updates.mrt.2'])
  for (const file of files) {
    assert.ok(statSync(join(folder, file)).size <= 200)
    const { code, out } = await run(['mrt', 'show', join(folder, file)], here)
    assert.equal(code, 0)
    assert.match(out, /^(.*10\.0\.1\.254 {2}sent KEEPALIVE\n)+$/)
  }
})

test('what is lost is said on standard error', async () => {
  const path = join(folder, 'lossy.mrt')
  const child = start(['mrt', 'record', path], here)
  await until('it records', () => existsSync(path))
  const lost: MonitorEvent = { event: 'lost', at: '2026-11-21T09:00:00.000Z', count: 7 }
  source.listening.at(-1)!.feed.offer(0, () => () => lost)
  const [text] = await once(child.stderr!.setEncoding('utf8'), 'data')
  assert.match(text, /^podpeer: 7 messages are missing/)
  child.kill('SIGINT')
  await once(child, 'close')
})

test('files that are none are refused with a sentence, and no agent is needed to read one', async () => {
  const path = join(folder, 'none')
  writeFileSync(path, 'This is a letter, and no routes are in it.')
  const letter = await run(['mrt', 'show', path])
  assert.deepEqual([letter.code, letter.out], [2, ''])
  assert.match(letter.complaints, /^podpeer: .*none: at octet 0 there is no MRT record/)
  assert.equal((await run(['mrt', 'show', join(folder, 'missing')])).code, 2)
  for (const args of [
    ['mrt', 'record'],
    ['mrt', 'record', path, '--rotate', '5 apples'],
    ['mrt', 'record', path, '--keep', '-1'],
    ['mrt', 'replay', path],
    ['mrt', 'replay', path, '--peer', '192.0.2.1'],
    ['mrt', 'replay', path, '--offline', '--as', '0'],
  ])
    assert.equal((await run(args, here)).code, 2, args.join(' '))
  const nobody = await run(['mrt', 'record', join(folder, 'not-made'), '--socket', join(folder, 'none.sock')])
  assert.equal(nobody.code, 3)
  assert.ok(!existsSync(join(folder, 'not-made')))
})
