import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'

const FLOOD = new URL('./log-flood.ts', import.meta.url).pathname
const DEADLINE = 120_000

const folder = mkdtempSync(join(tmpdir(), 'podpeer-log-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** @param output descriptor that becomes the child's standard output */
async function flood(output: number) {
  const child = spawn(process.execPath, [FLOOD], { stdio: ['ignore', output, 'pipe'], timeout: DEADLINE })
  const [told, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')])
  const { dropped, latest } = JSON.parse(told) as { dropped: number; latest: number }
  return { dropped, latest, code }
}

describe('the log', () => {
  it('holds up nothing when nobody reads it: lines are dropped and counted, and the process ends', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
    const writer = openSync(pipe, constants.O_WRONLY)
    try {
      const { dropped, latest, code } = await flood(writer)
      assert.equal(code, 0)
      assert.ok(dropped > 0, 'more than the memory that lines may wait in')
      assert.ok(latest < 30_000, `a turn took ${latest} ms`)
    } finally {
      closeSync(writer)
      closeSync(reader)
    }
  })

  it('ends as quickly where standard output is a socket that nobody reads', async () => {
    const path = join(folder, 'socket')
    const server = createServer(connection => connection.pause())
    server.listen(path)
    await once(server, 'listening')
    const client = connect(path)
    await once(client, 'connect')
    const child = spawn(process.execPath, [FLOOD], { stdio: ['ignore', client, 'pipe'], timeout: DEADLINE })
    const [told, [code, signal]] = await Promise.all([text(child.stderr!), once(child, 'exit')])
    server.close()
    client.destroy()
    assert.deepEqual([code, signal], [0, null])
    assert.ok((JSON.parse(told) as { dropped: number }).dropped > 0)
  })

  it('is lines of JSON: level, time, a constant message and keys', async () => {
    const path = join(folder, 'file')
    const file = openSync(path, 'w')
    const { dropped } = await flood(file)
    closeSync(file)
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    const { level, time, msg, turn, line } = JSON.parse(lines[0]!)
    assert.deepEqual({ level, msg, turn, line }, { level: 'info', msg: 'flood', turn: 0, line: 0 })
    assert.ok(!Number.isNaN(Date.parse(time)))
    for (const each of lines) JSON.parse(each)
    const floods = lines.filter(each => each.includes('"msg":"flood"'))
    assert.equal(floods.length + dropped, 20_000)
  })
})
