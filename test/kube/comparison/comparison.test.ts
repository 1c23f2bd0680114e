import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parse } from 'yaml'
import { KubeApi } from '../api.ts'
import type { Server } from './asker.ts'
import { cases } from './cases/index.ts'
import { type Difference, differences, knownDifferences, matches, renderDifference } from './difference.ts'
import { RealServer, realServerFolder } from './real-server.ts'
import { readRecording, writeRecording } from './recording.ts'
import { type Case, type Entry, Scene } from './scene.ts'

const folder = realServerFolder()
const api = new KubeApi({ controllers: false, times: { bookmark: 60_000 } })
const known = knownDifferences(readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8'))
const found: Difference[] = []
const played = new Map<string, readonly Entry[]>()
let standIn: Server
let real: RealServer | undefined

before(async () => {
  const { url } = await api.listen({ host: '127.0.0.1' })
  const { clusters, users } = parse(api.kubeconfig(url))
  const ca = Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64').toString()
  standIn = { url, ca, token: users[0].user.token, minor: 32, forget: async () => api.faults.expireHistory() }
  if (folder !== undefined) real = await RealServer.start(folder)
})
after(async () => {
  await api.close()
  await real?.close()
})

/** What a real server answers, now or when it was recorded; undefined where that server cannot do it. */
async function truth(one: Case): Promise<readonly Entry[] | undefined> {
  const { since = 20 } = one
  if (real !== undefined) return since > real.server.minor ? undefined : Scene.play(real.server, one)
  const { minor, transcripts } = readRecording()
  if (since > minor) return undefined
  return transcripts.get(one.name) ?? assert.fail(`"${one.name}" has not been recorded with a server 1.${minor}`)
}

describe(`the stand-in answers as ${folder === undefined ? 'a real API server once did' : 'a real API server does'}`, () => {
  for (const one of cases) {
    test(one.name, async context => {
      const expected = await truth(one)
      const entries = await Scene.play(standIn, one)
      if (expected === undefined) return context.skip(`needs a real server 1.${one.since} to be compared with`)
      played.set(one.name, expected)
      const differing = differences(one.name, expected, entries)
      found.push(...differing)
      const news = differing.filter(difference => !known.some(row => matches(row, difference)))
      assert.equal(news.map(renderDifference).join('\n'), '')
    })
  }

  test('but for the differences that the README lists, of which none has vanished', () => {
    const vanished = known.filter(row => !found.some(difference => matches(row, difference)))
    assert.deepEqual(vanished, [])
  })

  test('and the recording of the real server is what it says today', {
    skip: folder === undefined && 'needs KUBEBUILDER_ASSETS',
  }, () => {
    const { minor } = real!.server
    if (process.env['RECORD'] === '1') writeRecording({ minor, transcripts: played })
    const recorded = readRecording()
    if (recorded.minor !== minor) return
    for (const [name, entries] of played) assert.deepEqual(recorded.transcripts.get(name), entries, name)
  })
})
