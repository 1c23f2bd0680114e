/** MRT files in company: bgpdump reads what we write, and we read what BIRD and GoBGP's neighbours write. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import { until } from '../until.ts'
import { OUR_PREFIXES, OURS, THEIR_AS, THEIR_PREFIXES, THEIRS } from './pair.ts'
import { withBird } from './their-config.ts'

const MAIN = new URL('../../daemon/main.ts', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'podpeer-mrt-'))
after(() => rmSync(folder, { recursive: true }))

const podpeer = (...args: string[]) => execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
const bgpdump = (path: string) => execFileSync('bgpdump', ['-m', path], { encoding: 'utf8', stdio: 'pipe' }).split('\n')

/** A prefix of routes as `mrt show -o json` tells them. */
const shown = (path: string): Record<string, unknown>[] =>
  podpeer('mrt', 'show', path, '-o', 'json')
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))

/** The same of a file that somebody may be writing: nothing before it ends with a whole record. */
function readable(path: string): Record<string, unknown>[] {
  try {
    return existsSync(path) ? shown(path) : []
  } catch {
    return []
  }
}

const typeOf = (message: unknown) => (message as { type?: string } | undefined)?.type

/** Whether a record is an UPDATE with their IPv4 prefix. */
const isTheirs = ({ message }: Record<string, unknown>) =>
  typeOf(message) === 'update' && JSON.stringify(message).includes(THEIR_PREFIXES.ipv4)

describe('MRT files', { skip: cannotInteroperate('bgpdump') }, () => {
  test('bgpdump reads our table and our messages, and we read both and the table of BIRD', async () => {
    await using pair = await withBird({}, {})
    const { socket } = pair.us.files
    const updates = join(folder, 'updates.mrt')
    const recorder = spawn(process.execPath, [MAIN, 'mrt', 'record', updates, '--socket', socket], { stdio: 'pipe' })
    const ended = once(recorder, 'close')
    /** A session that began after one of ours was reset, with all that it brought. */
    const isWhole = () => {
      const told = readable(updates)
      const reset = told.findIndex(({ message }) => typeOf(message) === 'notification')
      const after = told.slice(reset + 1)
      return reset !== -1 && after.some(({ to }) => to === 'Established') && after.some(isTheirs)
    }
    await pair.learned('us', Object.values(THEIR_PREFIXES))
    await until('the recorder has its file', () => existsSync(updates))
    await pair.us.reset('other', 'for a record')
    await until('a whole session is recorded', isWhole)
    recorder.kill('SIGINT')
    assert.deepEqual(await ended, [0, null])

    const table = join(folder, 'table.mrt')
    podpeer('mrt', 'dump', '--out', table, '--socket', socket)
    const lines = bgpdump(table)
    for (const [family, prefix] of Object.entries(THEIR_PREFIXES)) {
      const line = lines.find(one => one.includes(`|${prefix}|`))
      assert.ok(line !== undefined, `${prefix} in ${lines}`)
      const [kind, , , peer, asNumber, , path, origin, nextHop] = line.split('|')
      assert.deepEqual(
        [kind, peer, asNumber, path, origin, nextHop],
        ['TABLE_DUMP2', THEIRS.ipv4, String(THEIR_AS), String(THEIR_AS), 'IGP', THEIRS[family as 'ipv4']],
      )
    }
    for (const prefix of Object.values(OUR_PREFIXES))
      assert.ok(
        lines.some(line => line.includes(`|${prefix}|`)),
        prefix,
      )
    assert.deepEqual(
      shown(table)
        .map(({ prefix }) => prefix)
        .sort(),
      [...Object.values(OUR_PREFIXES), ...Object.values(THEIR_PREFIXES)].sort(),
    )

    const passed = bgpdump(updates)
    assert.ok(
      passed.some(
        line => line.startsWith('BGP4MP_ET|') && line.includes(`|A|${THEIRS.ipv4}|${THEIR_AS}|${THEIR_PREFIXES.ipv4}|`),
      ),
      passed.join('\n'),
    )
    assert.ok(
      passed.some(line => /\|STATE\|.*\|5\|6/.test(line)),
      passed.join('\n'),
    )
    const recorded = shown(updates)
    assert.ok(recorded.some(({ record, to }) => record === 'state' && to === 'Established'))
    for (const type of ['open', 'keepalive', 'update', 'notification'])
      assert.ok(
        recorded.some(({ message }) => typeOf(message) === type),
        type,
      )

    const theirs = join(folder, 'bird.mrt')
    await pair.other.ask(`mrt dump table "master*" to "${theirs}"`)
    const routesOf = (rows: Record<string, unknown>[]) => rows.filter(({ record }) => record === 'route')
    await until('BIRD has written its table', () => routesOf(readable(theirs)).length === 4)
    const routes = routesOf(shown(theirs))
    const ours = routes.find(({ prefix }) => prefix === OUR_PREFIXES.ipv4)
    assert.equal(ours?.['peer'], OURS.ipv4)
    assert.deepEqual(ours['nextHops'], [OURS.ipv4])
    assert.ok(routes.some(({ prefix }) => prefix === OUR_PREFIXES.ipv6))
    const replayed = JSON.parse(podpeer('mrt', 'replay', theirs, '--offline', '--as', String(THEIR_AS), '-o', 'json'))
    assert.deepEqual(replayed.best, { ipv4: 2, ipv6: 2 })
    assert.equal(replayed.leftOut, 0)
  })
})
