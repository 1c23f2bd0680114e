/** The control API over a real socket: what it answers, and what it does to the socket's place in the file system. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, beforeEach, test } from 'node:test'
import { agentApi } from '../../../daemon/control/api.ts'
import { ControlClient } from '../../../daemon/control/client.ts'
import type { RouteRow } from '../../../daemon/control/document.ts'
import { type ControlServer, serveControl } from '../../../daemon/control/server.ts'
import type { RowCursor } from '../../../daemon/control/source.ts'
import { version } from '../../../daemon/version.ts'
import { ROUTES, SampleSource, TOR } from './sample-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'podpeer-control-'))
const socket = join(folder, 'run', 'agent.sock')
let source: SampleSource
let server: ControlServer
let reported: unknown[]

beforeEach(async () => {
  source = new SampleSource()
  reported = []
  server = await serveControl({ socket, api: agentApi(source), report: bug => reported.push(bug) })
})
afterEach(() => server.close())
after(() => rmSync(folder, { recursive: true }))

interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

function ask(path: string, method = 'GET', body = ''): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: socket, path, method }, async response => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode!, headers: response.headers, text })
    })
    asking.once('error', reject)
    asking.end(body)
  })
}

async function refusal(path: string, method = 'GET'): Promise<{ status: number; code: string; message: string }> {
  const { status, text } = await ask(path, method)
  return { status, ...JSON.parse(text).error }
}

test('only its owner may open the socket', () => {
  assert.equal(statSync(socket).mode & 0o777, 0o600)
})

test('every answer tells the version of the program', async () => {
  assert.equal((await ask('/v1/status')).headers['x-podpeer'], version)
  assert.equal((await ask('/nothing')).headers['x-podpeer'], version)
})

test('status, peers and configuration are what the agent says', async () => {
  assert.deepEqual(JSON.parse((await ask('/v1/status')).text), source.status())
  assert.deepEqual(JSON.parse((await ask('/v1/peers')).text), { peers: source.peers() })
  assert.deepEqual(JSON.parse((await ask('/v1/config')).text), source.config())
})

test('one peer is found by its name and by its address in any form', async () => {
  assert.deepEqual(JSON.parse((await ask('/v1/peers/tor')).text), TOR)
  const same = await ask(`/v1/peers/${encodeURIComponent('2001:DB8:1:0::0254')}`)
  assert.equal(JSON.parse(same.text).name, 'leaf')
})

test('a peer that is not configured is a 404 that names those that are', async () => {
  const { status, code, message } = await refusal('/v1/peers/10.9.9.9')
  assert.deepEqual([status, code], [404, 'NOT_FOUND'])
  assert.match(message, /10\.9\.9\.9.*tor, leaf/)
})

test('routes come one a line', async () => {
  const { headers, text } = await ask('/v1/routes?table=best')
  assert.equal(headers['content-type'], 'application/x-ndjson')
  assert.deepEqual(
    text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line)),
    ROUTES,
  )
})

test('the query of a listing reaches the agent parsed, the peer by its name', async () => {
  await ask('/v1/routes?table=received&peer=10.0.1.254&prefix=203.0.113.0/24&family=ipv4')
  const { table, peer, family, within } = source.listing!
  assert.deepEqual(
    { table, peer, family, within: `${within}` },
    {
      table: 'received',
      peer: 'tor',
      family: 'ipv4',
      within: '203.0.113.0/24',
    },
  )
})

test('an explanation repeats the target as it was asked', async () => {
  assert.equal(JSON.parse((await ask('/v1/explain?target=203.0.113.10')).text).target, '203.0.113.10')
})

test('drain and undrain are told to the agent and answered with its status', async () => {
  assert.equal(JSON.parse((await ask('/v1/drain', 'POST')).text).phase, 'drained')
  assert.equal(JSON.parse((await ask('/v1/undrain', 'POST')).text).phase, 'running')
})

test('a wait that is no time and a text that no NOTIFICATION holds are refused', async () => {
  assert.match(
    (await refusal('/v1/drain?wait=soon', 'POST')).message,
    /wait: "soon" is no number of seconds; write one from 0 to 3600/,
  )
  assert.match((await refusal('/v1/drain?wait=3601', 'POST')).message, /is no number of seconds/)
  assert.match(
    (await refusal(`/v1/drain?text=${'x'.repeat(256)}`, 'POST')).message,
    /text: it has 256 octets; write at most 255/,
  )
})

test('an unknown path is a 404, a wrong method a 405 that says which is right', async () => {
  assert.equal((await refusal('/v2/status')).status, 404)
  assert.equal((await refusal('/v1/peers/a/b')).status, 404)
  assert.equal((await refusal('/v1/peers/%zz')).status, 404)
  const { status, headers } = await ask('/v1/drain')
  assert.deepEqual([status, headers.allow], [405, 'POST'])
  assert.equal((await refusal('/v1/status', 'DELETE')).code, 'METHOD_NOT_ALLOWED')
})

test('a query that is wrong is a 400 that names the parameter', async () => {
  for (const [path, name] of [
    ['/v1/routes?tabel=best', 'tabel'],
    ['/v1/routes?table=all', 'table'],
    ['/v1/routes?family=inet', 'family'],
    ['/v1/routes?prefix=10.0.0.1/8', 'prefix'],
    ['/v1/explain', 'target: it is missing'],
    ['/v1/explain?target=', 'target: it is missing'],
    ['/v1/routes?prefix=%ff', 'prefix'],
    ['/v1/routes?table=best&table=received', 'table: it is there more than once'],
    [`/v1/explain?target=${'a'.repeat(5000)}`, 'the request is too long'],
    ['/v1/status?watch=1', 'watch'],
  ] as const) {
    const { status, code, message } = await refusal(path)
    assert.deepEqual([status, code], [400, 'BAD_REQUEST'], path)
    assert.ok(message.startsWith(name), `${path}: ${message}`)
  }
})

test('a HEAD is answered as the GET, without its body', async () => {
  for (const path of ['/v1/status', '/v1/routes', '/v1/peers/nobody']) {
    const [head, get] = [await ask(path, 'HEAD'), await ask(path)]
    assert.deepEqual([head.status, head.text], [get.status, ''], path)
    assert.equal(head.headers['content-type'], get.headers['content-type'])
  }
  assert.equal((await ask('/v1/drain', 'HEAD')).status, 405)
  assert.equal((await ask('/v1/status', 'PUT')).headers.allow, 'GET, HEAD')
})

/** Bytes as they are, until the agent closes. */
async function send(text: string): Promise<string> {
  const connection = connect(socket)
  connection.write(text)
  let answer = ''
  for await (const chunk of connection.setEncoding('utf8')) answer += chunk
  return answer
}

test('what is no HTTP gets an answer, too, and the next request its own', async () => {
  for (const [text, status] of [
    ['garbage\r\n\r\n', 400],
    ['GET /v1/status HTTP/1.1\r\n\r\n', 400],
    [`GET /v1/explain?target=${'a'.repeat(40_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
  ] as const) {
    const [head = '', body = ''] = (await send(text)).split('\r\n\r\n')
    assert.match(head, new RegExp(`^HTTP/1.1 ${status} `))
    if (!text.includes('/v1/status')) assert.equal(JSON.parse(body).error.code, 'BAD_REQUEST')
  }
  assert.equal((await ask('/v1/status')).status, 200)
  assert.deepEqual(reported, [])
})

test('the body of a request counts for nothing, however long it is', async () => {
  assert.equal((await ask('/v1/undrain', 'POST', 'x'.repeat(3_000_000))).status, 200)
})

test('a bug of ours is a 500, and is reported', async () => {
  const bug = new TypeError('no such thing')
  source.status = () => {
    throw bug
  }
  assert.equal((await refusal('/v1/status')).status, 500)
  assert.deepEqual(reported, [bug])
})

test('who may not open the socket is told so', async () => {
  const root = process.geteuid!() === 0
  if (root) process.seteuid!(65534)
  else chmodSync(socket, 0)
  try {
    await assert.rejects(new ControlClient(socket).status(), { code: 'PERMISSION_DENIED' })
  } finally {
    if (root) process.seteuid!(0)
  }
})

test('a second agent is refused while the first one lives', async () => {
  await assert.rejects(serveControl({ socket, api: agentApi(source), report: () => {} }), {
    code: 'CONTROL_SOCKET_IN_USE',
    message: `another agent is running: it answers on ${socket}`,
  })
  assert.equal((await ask('/v1/status')).status, 200)
})

test('a socket that was left behind is replaced', async () => {
  await server.close()
  const listen = `require('node:net').createServer().listen(process.argv[1], () => process.stdout.write('up'))`
  const dead = spawn(process.execPath, ['-e', listen, socket])
  await once(dead.stdout, 'data')
  dead.kill('SIGKILL')
  await once(dead, 'exit')
  assert.ok(statSync(socket).isSocket())
  server = await serveControl({ socket, api: agentApi(source), report: () => {} })
  assert.equal((await ask('/v1/status')).status, 200)
})

test('a file that is not a socket stays where it is', async () => {
  const path = join(folder, 'precious')
  writeFileSync(path, 'keep me')
  await assert.rejects(serveControl({ socket: path, api: agentApi(source), report: () => {} }), {
    code: 'CONTROL_SOCKET_BLOCKED',
  })
  assert.equal(statSync(path).size, 7)
})

test('a path that is too long for a socket is an error of the person who chose it', async () => {
  const path = join(folder, 'x'.repeat(100))
  await assert.rejects(serveControl({ socket: path, api: agentApi(source), report: () => {} }), {
    path: 'control.socket',
  })
})

/** Endless rows; counts how many were taken. */
class Counting implements RowCursor {
  taken = 0
  readonly done = false
  /** Whether the event loop has had a turn since the last slice. */
  turned = true
  starved = 0

  next(count: number): RouteRow[] {
    if (!this.turned) this.starved++
    this.turned = false
    setImmediate(() => {
      this.turned = true
    })
    this.taken += count
    return Array.from({ length: count }, () => ROUTES[1]!)
  }
}

test('a listing gives the event loop a turn between slices', async () => {
  const cursor = new Counting()
  source.routes = () => cursor
  let seen = 0
  for await (const rows of new ControlClient(socket).routes({ table: 'best' })) {
    seen += rows.length
    if (seen > 20_000) break
  }
  assert.equal(cursor.starved, 0)
})

test('a reader that stops reading stops the listing, and one that goes away ends it', async () => {
  const cursor = new Counting()
  source.routes = () => cursor
  const response = await new Promise<IncomingMessage>(resolve => {
    request({ socketPath: socket, path: '/v1/routes' }, resolve).end()
  })
  response.pause()
  await settled(() => cursor.taken)
  const held = cursor.taken
  assert.ok(held < 50_000, `${held} rows were made for nobody`)
  response.destroy()
  await settled(() => cursor.taken)
  assert.ok(cursor.taken - held <= 512, 'the listing ran on')
})

test('a listing that breaks is a broken answer, never a short one', async () => {
  const bug = new RangeError('a hole in the table')
  let slices = 0
  source.routes = () => ({
    done: false,
    next: () => {
      if (slices++ === 3) throw bug
      return [...ROUTES]
    },
  })
  const read = async (): Promise<void> => {
    for await (const _ of new ControlClient(socket).routes({ table: 'best' }));
  }
  await assert.rejects(read(), { code: 'AGENT_BROKE_OFF' })
  assert.deepEqual(reported, [bug])
})

/** Resolves when a number has not changed for a while. */
async function settled(read: () => number): Promise<void> {
  for (let still = 0, last = read(); still < 10; still = read() === last ? still + 1 : 0) {
    last = read()
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
