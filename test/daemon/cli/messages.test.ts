/** What `podpeer peers ADDRESS --messages` and `podpeer monitor` print, and how the latter ends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { agentApi } from '../../../daemon/control/api.ts'
import type { MonitorEvent } from '../../../daemon/control/message-document.ts'
import { type ControlServer, serveControl } from '../../../daemon/control/server.ts'
import { until } from '../../until.ts'
import { MESSAGES, SampleSource } from '../control/sample-source.ts'
import { finish, run, start } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'podpeer-messages-'))
const socket = join(folder, 'agent.sock')
const here = { PODPEER_SOCKET: socket, TZ: 'UTC' }
const source = new SampleSource()
let server: ControlServer

before(async () => {
  server = await serveControl({ socket, api: agentApi(source), report: bug => console.error(bug) })
})
beforeEach(() => {
  source.listening.splice(0)
})
after(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const session: MonitorEvent = {
  event: 'session',
  at: '2026-11-21T09:00:00.500Z',
  peer: 'tor',
  from: 'Established',
  to: 'Idle',
  reason: 'hold timer expired',
  session: { address: '10.0.1.254', asNumber: 65100, localAs: 65010, fourOctetAs: true, addPath: [] },
}
const { at, direction, connection, length, message, octets } = MESSAGES[0]!
const update: MonitorEvent = { event: 'message', peer: 'tor', at, direction, connection, length, message, octets }

async function listened() {
  await until('somebody listens', () => source.listening.length > 0)
  return source.listening[0]!
}

test('the last messages of a peer are a line each, KEEPALIVEs in a row one line', async () => {
  const { code, out } = await run(['peers', 'tor', '--messages'], here)
  assert.equal(code, 0)
  assert.equal(
    // the date goes before the time on any other day
    out.replaceAll('2026-11-21 ', '').replace(/^TIME +/, 'TIME '),
    [
      'TIME DIRECTION  MESSAGE       OCTETS  SAYS',
      '08:59:00.000  received   UPDATE            49  announces 203.0.113.0/24, 198.51.100.0/24; next hop 10.0.1.254; ORIGIN igp; AS_PATH 65100',
      '08:59:30.000  sent       KEEPALIVE         19  120 since 08:00:00.000',
      '09:00:00.000  received   NOTIFICATION      33  Cease / Administrative Shutdown (6/2): "maintenance"; data 0b6d61696e74656e616e6365',
      '',
    ].join('\n'),
  )
})

test('--hex shows octets, and how many were not kept', async () => {
  const { out } = await run(['peers', 'tor', '--messages', '--hex'], here)
  assert.match(out, /^ {2}0000 {2}(ff ){15}ff\n {2}0010 {2}00 31 02\n {2}30 octets more were not kept$/m)
})

test('-o json is the document of the control API', async () => {
  const { out } = await run(['peers', 'tor', '--messages', '-o', 'json'], here)
  assert.deepEqual(JSON.parse(out), { format: 1, peer: 'tor', messages: MESSAGES })
})

test('messages are of one peer, and of one that is there', async () => {
  const nobody = await run(['peers', '--messages'], here)
  assert.equal(nobody.code, 2)
  assert.match(nobody.complaints, /messages are of one peer; name it/)
  assert.equal((await run(['peers', 'spine', '--messages'], here)).code, 1)
})

test('monitor prints events as they come, and Ctrl-C is a good end', async () => {
  const child = start(['monitor', '--peer', '10.0.1.254'], here)
  const { asked, feed } = await listened()
  assert.equal(asked.peer, 'tor')
  assert.ok(!asked.types.has('keepalive') && asked.types.has('update'))
  const done = finish(child)
  feed.offer(0, () => () => update)
  feed.offer(0, () => () => session)
  let printed = ''
  child.stdout!.on('data', text => {
    printed += text
  })
  await until('both are printed', () => printed.split('\n').length === 3)
  child.kill('SIGINT')
  const { code, out, complaints } = await done
  assert.deepEqual([code, complaints], [0, ''])
  assert.match(out, / {2}tor {2}received UPDATE {2}announces 203\.0\.113\.0\/24, .*AS_PATH 65100\n/)
  assert.match(out, / {2}tor {2}session {2}Established → Idle: hold timer expired\n$/)
  await until('the feed is closed', () => source.listening.length === 0)
})

test('monitor -o json is a document a line; types are asked for by name', async () => {
  const child = start(['monitor', '-o', 'json', '--type', 'keepalive,session'], here)
  const { asked, feed } = await listened()
  assert.deepEqual([...asked.types], ['keepalive', 'session'])
  feed.offer(0, () => () => session)
  const [line] = await once(child.stdout!.setEncoding('utf8'), 'data')
  assert.deepEqual(JSON.parse(line), { format: 1, ...session })
  child.kill('SIGINT')
  await once(child, 'close')
  const wrong = await run(['monitor', '--type', 'updates'], here)
  assert.equal(wrong.code, 2)
  assert.match(wrong.complaints, /There is no type "updates"; use some of session,/)
})

test('a reader that has gone ends the monitor without a word', async () => {
  const child = start(['monitor'], here)
  const { feed } = await listened()
  child.stdout!.destroy()
  const done = new Promise(resolve => child.once('close', resolve))
  let complaints = ''
  child.stderr!.on('data', text => {
    complaints += text
  })
  const timer = setInterval(() => feed.offer(0, () => () => session), 10)
  assert.equal(await done, 0)
  clearInterval(timer)
  assert.equal(complaints, '')
})

test('an agent that goes is one sentence and an exit code', async () => {
  const child = start(['monitor'], here)
  await listened()
  const done = finish(child)
  await server.close()
  const { code, complaints } = await done
  server = await serveControl({ socket, api: agentApi(source), report: bug => console.error(bug) })
  assert.equal(code, 5)
  assert.match(complaints, /^podpeer: the agent broke off in the middle of its answer.*\n$/)
})

test('where nothing can be written it ends', async () => {
  const full = openSync('/dev/full', 'w')
  const child = start(['peers', 'tor', '--messages'], here, full)
  closeSync(full)
  assert.equal((await finish(child)).code, 5)
})
