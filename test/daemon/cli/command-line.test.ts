/** The command line from outside: what it prints, where, and how it ends. */
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { agentApi } from '../../../daemon/control/api.ts'
import { type ControlServer, serveControl } from '../../../daemon/control/server.ts'
import { version } from '../../../daemon/version.ts'
import { LEAF, ROUTES, SampleSource, TOR } from '../control/sample-source.ts'
import { finish, run, start } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'podpeer-cli-'))
const socket = join(folder, 'agent.sock')
const here = { PODPEER_SOCKET: socket }
const source = new SampleSource()
let server: ControlServer

before(async () => {
  server = await serveControl({ socket, api: agentApi(source), report: bug => console.error(bug) })
})
beforeEach(() => {
  source.peerList = [TOR, LEAF]
  source.rows = ROUTES
  source.problems = []
  source.phase = 'running'
})
after(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

test('it says its version', async () => {
  assert.deepEqual(await run(['--version']), { code: 0, out: `${version}\n`, complaints: '' })
})

test('without an agent it is one sentence and exit code 3', async () => {
  const { code, out, complaints } = await run(['peers', '--socket', join(folder, 'none.sock')])
  assert.deepEqual([code, out], [3, ''])
  assert.equal(complaints, `podpeer: no agent is running here: there is no socket ${join(folder, 'none.sock')}\n`)
})

test('a file that is no socket is one sentence and exit code 5', async () => {
  const path = join(folder, 'file')
  writeFileSync(path, '')
  const { code, complaints } = await run(['peers', '--socket', path])
  assert.equal(code, 5)
  assert.equal(complaints, `podpeer: ${path} is not a socket\n`)
})

test('a command line that is wrong is exit code 2, and nothing on standard output', async () => {
  for (const args of [
    ['peeers'],
    ['peers', '--nope'],
    ['explain'],
    ['explain', '10.0.0.1/8'],
    ['routes', 'best', '10.0.0.0/33'],
    ['routes', 'recieved'],
    ['routes', '10.0.0.0/8', '10.0.0.0/9'],
    ['completion', 'csh'],
    ['routes', '--family', 'inet'],
    ['peers', '-o', 'xml'],
    ['peers', '--check', '--watch'],
    ['config', 'check', join(folder, 'missing.yaml')],
    ['agent'],
  ]) {
    const { code, out, complaints } = await run(args, here)
    assert.deepEqual([code, out], [2, ''], args.join(' '))
    assert.match(complaints, /^podpeer: .*\n$/, args.join(' '))
    assert.doesNotMatch(complaints, /command-argument/)
  }
})

test('peers: a row for each family, the error of the one that is down, the problems of the agent', async () => {
  source.problems = ['no AS number is known']
  const { code, out } = await run(['peers'], here)
  assert.equal(code, 0)
  assert.match(out, /^tor +10\.0\.1\.254 +65100 +Established +\S+ +ipv4 +3 +2 +1\n +ipv6 +1 +1 +1\n/m)
  assert.match(
    out,
    /^leaf .* Active .*\n {2}sent OPEN Message Error \/ Bad Peer AS \(2\/2\): expected 65200, got 65201$/m,
  )
  assert.match(out, /^no AS number is known$/m)
})

test('peers --check is exit code 1 while one is not Established, and 0 when all are', async () => {
  const bad = await run(['peers', '--check'], here)
  assert.deepEqual([bad.code, bad.complaints], [1, 'podpeer: not Established: leaf (Active)\n'])
  assert.equal((await run(['peers', 'tor', '--check'], here)).code, 0)
  source.peerList = []
  assert.equal((await run(['peers', '--check'], here)).code, 1)
})

test('a peer that is not configured is exit code 1', async () => {
  const { code, complaints } = await run(['peers', '10.9.9.9'], here)
  assert.deepEqual([code, complaints], [1, 'podpeer: there is no peer 10.9.9.9; peers: tor, leaf\n'])
})

test('JSON and YAML are one value, with the version of their shape', async () => {
  for (const [args, key, value] of [
    [['peers'], 'peers', [TOR, LEAF]],
    [['peers', 'leaf'], 'peer', LEAF],
    [['routes', 'received'], 'routes', ROUTES],
    [['explain', '203.0.113.10'], 'prefix', '203.0.113.10/32'],
    [['node', 'status'], 'process', 'podpeer'],
    [['config'], 'origins', source.config().origins],
  ] as const) {
    const json = JSON.parse((await run([...args, '-o', 'json'], here)).out)
    const yaml = parse((await run([...args, '-o', 'yaml'], here)).out, { version: '1.1', schema: 'core' })
    assert.equal(json.format, 1, args.join(' '))
    if (key !== 'process') assert.deepEqual(json[key], value, args.join(' '))
    assert.deepEqual(yaml, json, args.join(' '))
  }
})

test('a listing without routes is still a document', async () => {
  source.rows = []
  assert.deepEqual(JSON.parse((await run(['routes', '-o', 'json'], here)).out).routes, [])
  assert.deepEqual(parse((await run(['routes', '-o', 'yaml'], here)).out).routes, [])
  assert.equal((await run(['routes'], here)).out, 'No best route.\n')
})

test('routes without a table are the best ones, within a prefix where one is named', async () => {
  await run(['routes', '203.0.113.0/24', '--peer', 'tor', '--family', 'ipv4'], here)
  const { table, peer, family, within } = source.listing!
  assert.deepEqual([table, peer, family, `${within}`], ['best', 'tor', 'ipv4', '203.0.113.0/24'])
})

test('a listing of a page or two is in order of address, however the agent keeps it', async () => {
  const row = (prefix: string) => ({ ...ROUTES[1]!, prefix })
  source.rows = ['2001:db8::/32', '10.2.0.0/16', '9.0.0.0/8', '10.0.0.0/8', '10.10.0.0/16', '10.0.0.0/16'].map(row)
  const { out } = await run(['routes'], here)
  const prefixes = out.split('\n').flatMap(line => /^[\da-f.:]+\/\d+/.exec(line) ?? [])
  assert.deepEqual(prefixes, ['9.0.0.0/8', '10.0.0.0/8', '10.0.0.0/16', '10.2.0.0/16', '10.10.0.0/16', '2001:db8::/32'])
})

test('what cannot be written is one sentence and exit code 5', async () => {
  const full = openSync('/dev/full', 'w')
  const child = start(['peers'], here, full)
  const { code, complaints } = await finish(child)
  closeSync(full)
  assert.equal(code, 5)
  assert.match(complaints, /^podpeer: standard output cannot be written: ENOSPC.*\n$/)
})

test('a long listing is complete and in order in every format', async () => {
  const count = 12_345
  source.rows = Array.from({ length: count }, (_, at) => ({ ...ROUTES[1]!, prefix: `10.${at >> 8}.${at & 255}.0/24` }))
  const prefixes = source.rows.map(row => row.prefix)
  const json = JSON.parse((await run(['routes', '-o', 'json'], here)).out)
  assert.deepEqual(
    json.routes.map((row: { prefix: string }) => row.prefix),
    prefixes,
  )
  const table = (await run(['routes'], here)).out.trimEnd().split('\n').slice(1)
  assert.deepEqual(
    table.map(line => line.split(' ')[0]),
    prefixes,
  )
})

test('a reader that leaves early ends it without a word', async () => {
  source.rows = Array.from({ length: 50_000 }, () => ROUTES[1]!)
  const child = start(['routes'], here)
  child.stdout!.once('data', () => child.stdout!.destroy())
  const { code, complaints } = await finish(child)
  assert.deepEqual([code, complaints], [0, ''])
})

test('an explanation tells the paths, whom it is announced to, and what is in the kernel instead', async () => {
  const { code, out } = await run(['explain', '203.0.113.10'], here)
  assert.equal(code, 0)
  assert.match(out, /^203\.0\.113\.10 is in 203\.0\.113\.10\/32$/m)
  assert.match(out, /best: from tor \(external\), next hop 10\.0\.1\.254/)
  assert.match(out, /import: policy allowed, term import\.allow/)
  assert.match(out, /tor +no +learned from this peer/)
  assert.match(out, /not ours: .* proto static/)
})

test('no route is exit code 1', async () => {
  const { code, out } = await run(['explain', '192.0.2.1'], here)
  assert.equal(code, 1)
  assert.match(out, /^There is no route to 192\.0\.2\.1$/m)
})

test('colour is for terminals, unless FORCE_COLOR asks for it', async () => {
  const painted = async (environment: Record<string, string>): Promise<boolean> =>
    (await run(['peers'], { ...here, ...environment })).out.includes('\x1b[32m')
  assert.equal(await painted({}), false)
  assert.equal(await painted({ FORCE_COLOR: '1' }), true)
  assert.equal(await painted({ FORCE_COLOR: '1', NO_COLOR: '1' }), true)
  assert.equal(await painted({ FORCE_COLOR: '0' }), false)
})

test('--watch prints again when something changed, and only then', async () => {
  const child = start(['peers', '--watch', '-o', 'json'], here)
  const seen: string[][] = []
  let rest = ''
  const lines = (async function* () {
    for await (const text of child.stdout!.setEncoding('utf8')) {
      const whole = (rest + text).split('\n')
      rest = whole.pop()!
      yield* whole
    }
  })()
  for await (const line of lines) {
    const { peers } = JSON.parse(line)
    seen.push(peers.map((peer: { state: string }) => peer.state))
    if (seen.length === 1) source.peerList = [{ ...TOR, uptimeSeconds: 99_999 }, LEAF]
    if (seen.length === 1) setTimeout(() => (source.peerList = [TOR, { ...LEAF, state: 'Established' }]), 1500)
    if (seen.length === 2) break
  }
  child.kill()
  assert.deepEqual(seen, [
    ['Established', 'Active'],
    ['Established', 'Established'],
  ])
})

test('refresh and reset ask the agent of one peer, and say what comes of it', async () => {
  const refreshed = await run(['refresh', 'tor'], here)
  assert.deepEqual([refreshed.code, refreshed.out], [0, 'tor is asked for its routes.\n'])
  await run(['refresh', '10.0.1.254', 'out', '--family', 'ipv6'], here)
  const reset = await run(['reset', 'tor', '--message', 'new cables'], here)
  assert.deepEqual([reset.code, reset.out], [0, 'The session with tor is set up anew.\n'])
  assert.deepEqual(source.asked, ['refresh tor in all', 'refresh tor out ipv6', 'reset tor: new cables'])
  const impossible = await run(['refresh', 'leaf'], here)
  assert.notEqual(impossible.code, 0)
  assert.match(impossible.complaints, /leaf: there is no session/)
  assert.match((await run(['reset', 'nobody'], here)).complaints, /there is no peer nobody/)
})

test('peers ADDR tells what the session agreed on and what it is held to', async () => {
  const [v4] = TOR.families
  source.peerList = [
    {
      ...TOR,
      hostName: 'tor-1',
      softwareVersion: 'FRRouting/10.1',
      agreed: ['enhanced route refresh', 'add-path receive ipv4'],
      role: { ours: 'customer', peer: 'provider' },
      longLived: [{ family: 'ipv4', staleTime: 3600 }],
      gracefulRestart: { restartTime: 120, restarting: false, forwarding: [], notification: true },
      families: [{ ...v4!, prefixes: 3, dropped: 7, limit: { count: 3, action: 'drop' } }],
    },
    { ...LEAF, heldBack: 'more than 5 prefixes of ipv6, until it is reset' },
  ]
  const { out } = await run(['peers', 'tor'], here)
  assert.match(out, /^Software: +tor-1, FRRouting\/10\.1$/m)
  assert.match(out, /^Agreed: +enhanced route refresh, add-path receive ipv4$/m)
  assert.match(out, /^Role: +we are customer, the peer is provider$/m)
  assert.match(out, /^Graceful restart: +120s, forwarding nothing, also after a NOTIFICATION$/m)
  assert.match(out, /^Long-lived: +ipv4 3600s$/m)
  assert.match(out, /^Limits: +ipv4 3 of 3 prefixes \(drop\), 7 announcements not taken$/m)
  assert.match(
    (await run(['peers', 'leaf'], here)).out,
    /^Held back: +more than 5 prefixes of ipv6, until it is reset$/m,
  )
  const all = (await run(['peers'], here)).out
  assert.match(all, /it sends more than 3 prefixes of ipv4: no further one is taken/)
  assert.match(all, /held back: more than 5 prefixes of ipv6, until it is reset/)
})

test('drain waits until it is done', async () => {
  source.drain = () => {
    source.phase = 'withdrawing'
    setTimeout(() => (source.phase = 'drained'), 300)
  }
  const { code, out } = await run(['drain', '-o', 'json'], here)
  assert.equal(code, 0)
  assert.equal(JSON.parse(out).phase, 'drained')
})

test('the sessions of a drained node are told to be down on purpose', async () => {
  source.phase = 'drained'
  assert.match((await run(['peers'], here)).out, /^This node is drained/m)
})

test('config shows where each value came from', async () => {
  const { out } = await run(['config'], here)
  assert.match(out, /^asNumber: 65010 +# annotation podpeer\.io\/as-number$/m)
  assert.match(out, /^ {2}port: 179 +# default$/m)
  assert.match(out, /^ {2}holdTime: 90 +# nodes\[0\]$/m)
  assert.match(out, /^ {2}asNumber: 65200 +# annotation podpeer\.io\/peers$/m)
  assert.deepEqual(parse(out), source.config().config)
})

test('config check is exit code 2 and names line and key of each mistake', async () => {
  const path = join(folder, 'agent.yaml')
  writeFileSync(path, 'asNumber: 65010\npeers:\n  - address: 10.0.1.254\n    asNumbr: 65100\nlog: { level: loud }\n')
  const bad = await run(['config', 'check', path])
  assert.equal(bad.code, 2)
  assert.match(bad.out, /line 4: peers\[0\]\.asNumbr: /)
  assert.match(bad.out, /line 5: log\.level: /)
  const json = JSON.parse((await run(['config', 'check', path, '-o', 'json'])).out)
  assert.deepEqual([json.format, json.ok, json.problems.length], [1, false, 2])
  writeFileSync(path, 'asNumber: 65010\n')
  assert.deepEqual(await run(['config', 'check', path]), { code: 0, out: `${path}: ok\n`, complaints: '' })
})

test('config schema is a JSON Schema', async () => {
  const schema = JSON.parse((await run(['config', 'schema'])).out)
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema')
  assert.equal(schema.properties.asNumber.maximum, 4294967295)
})

test('YAML that is watched is a stream of documents', async () => {
  const child = start(['routes', '--watch', '-o', 'yaml'], here)
  let text = ''
  for await (const chunk of child.stdout!.setEncoding('utf8')) {
    text += chunk
    if (text.includes('truncated')) break
  }
  child.kill()
  assert.equal(parseAllDocuments(text).length, 1)
  assert.ok(text.startsWith('---\n'))
})
