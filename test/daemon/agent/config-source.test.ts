import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import { ConfigSource } from '../../../daemon/agent/config-source.ts'

const DEADLINE = 60_000

let folder = ''
let source: ConfigSource | undefined

/** Opens `path` holding `text`; what it tells comes out one by one. */
function open(path: string, text: string) {
  const told: string[] = []
  let wake = () => {}
  const tell = (line: string) => {
    told.push(line)
    wake()
  }
  source = new ConfigSource(path, text, {
    changed: changed => tell(`changed ${changed}`),
    unreadable: reason => tell(`unreadable ${reason.split(':')[0]}`),
  })
  const next = async () => {
    if (told.length === 0)
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('nothing was told')), DEADLINE)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    return told.shift()
  }
  return { next, told }
}

afterEach(() => {
  source?.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the configuration file on disk', () => {
  it('is told anew when it is written, and when another one takes its name', async () => {
    folder = mkdtempSync(join(tmpdir(), 'podpeer-config-'))
    const path = join(folder, 'agent.yaml')
    writeFileSync(path, 'one')
    const { next } = open(path, 'one')
    writeFileSync(path, 'two')
    assert.equal(await next(), 'changed two')
    writeFileSync(`${path}.tmp`, 'three')
    renameSync(`${path}.tmp`, path)
    assert.equal(await next(), 'changed three')
  })

  it('is not told while it is being written', async () => {
    folder = mkdtempSync(join(tmpdir(), 'podpeer-config-'))
    const path = join(folder, 'agent.yaml')
    writeFileSync(path, 'one')
    const { next, told } = open(path, 'one')
    writeFileSync(path, 'half')
    source?.check()
    writeFileSync(path, 'half and whole')
    assert.equal(await next(), 'changed half and whole')
    assert.deepEqual(told, [])
  })

  it('is told anew when the link above it moves, as in a ConfigMap volume', async () => {
    folder = mkdtempSync(join(tmpdir(), 'podpeer-config-'))
    for (const version of ['v1', 'v2']) {
      mkdirSync(join(folder, version))
      writeFileSync(join(folder, version, 'agent.yaml'), version)
    }
    symlinkSync('v1', join(folder, '..data'))
    symlinkSync('..data/agent.yaml', join(folder, 'agent.yaml'))
    const { next } = open(join(folder, 'agent.yaml'), 'v1')
    symlinkSync('v2', join(folder, '..fresh'))
    renameSync(join(folder, '..fresh'), join(folder, '..data'))
    assert.equal(await next(), 'changed v2')
  })

  it('that goes is told once, and told anew when it is back, even as it was', async () => {
    folder = mkdtempSync(join(tmpdir(), 'podpeer-config-'))
    const path = join(folder, 'agent.yaml')
    writeFileSync(path, 'one')
    const { next, told } = open(path, 'one')
    rmSync(path)
    assert.equal(await next(), 'unreadable ENOENT')
    source!.check()
    assert.deepEqual(told, [])
    writeFileSync(path, 'one')
    assert.equal(await next(), 'changed one')
  })

  it('is told on demand though nothing changed: what it points to may have', () => {
    folder = mkdtempSync(join(tmpdir(), 'podpeer-config-'))
    const path = join(folder, 'agent.yaml')
    writeFileSync(path, 'one')
    const { told } = open(path, 'one')
    source!.check()
    assert.deepEqual(told, [])
    source!.check(true)
    assert.deepEqual(told, ['changed one'])
  })
})
