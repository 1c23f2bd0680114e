import assert from 'node:assert/strict'
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { cannotBuild } from './daemons.ts'
import { sweepLeftovers } from './leftovers.ts'
import { untilComplete } from './waiting.ts'

const MAIN = new URL('main.ts', import.meta.url).pathname
const DEADLINE = 120_000
/** The account nobody. */
const NOBODY = 65534

interface Ended {
  readonly code: number
  readonly output: string
  readonly complaint: string
}

function run(...args: string[]): Promise<Ended> {
  return ended(process.execPath, [MAIN, ...args])
}

/** @param account user and group; absent: our own */
function ended(command: string, args: readonly string[], account?: number): Promise<Ended> {
  const options = account === undefined ? {} : { uid: account, gid: account }
  return new Promise(resolve =>
    execFile(command, args, options, (error, output, complaint) =>
      resolve({ code: error === null ? 0 : Number(error.code), output, complaint }),
    ),
  )
}

/** What a script prints. Without `node` in its PATH: the lab's own words bring it along. */
function shell(script: string): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile('/bin/sh', ['-c', script], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } }, (error, output) =>
      error === null ? resolve(output) : reject(error),
    ),
  )
}

/** Namespaces and folders of the lab of a process. */
function tracesOf(pid: number): string[] {
  return ['/run', '/run/netns']
    .flatMap(folder => readdirSync(folder))
    .filter(name => name.startsWith(`podpeer-lab-${pid}`))
}

/** Command lines of processes that were started with files of the lab of a process. */
function processesOf(pid: number): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(commandLine)
    .filter(line => line.includes(`podpeer-lab-${pid}/`))
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

type LabChild = ChildProcessByStdio<null, Readable, null>

/** A lab that stays up and is ready, and what it printed. */
async function lastingLab(): Promise<{ lab: LabChild; printed: string }> {
  const child = spawn(process.execPath, [MAIN, '--nodes', '1'], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  await untilComplete('the lab', DEADLINE, async () => {
    assert.equal(child.exitCode, null, output)
    return output.includes('Ctrl-C ends the lab') ? undefined : output
  })
  return { lab: child, printed: output }
}

test('words that make no sense end with one sentence and code 2, before anything is built', async () => {
  for (const [args, sentence] of [
    [['--router', 'quagga'], /^lab: --router: "quagga" is none; choose podpeer, frr, bird\n$/],
    [
      ['--mode', 'nat'],
      /^lab: --mode: "nat" is none; choose bgp, flannel-vxlan, flannel-host-gw, cilium-vxlan, podpeer-vxlan, static\n$/,
    ],
    [['--nodes', 'many'], /^lab: --nodes: .* from 1 to 200\n$/],
    [['--json'], /^lab: --json: goes with --once only\n$/],
    [['--frobnicate'], /^lab: .*--frobnicate.*\n$/],
  ] as const) {
    const { code, output, complaint } = await run(...args)
    assert.equal(code, 2)
    assert.equal(output, '')
    assert.match(complaint, sentence)
  }
})

test('--help says what there is', async () => {
  const { code, output } = await run('--help')
  assert.equal(code, 0)
  for (const word of ['--mode', '--nodes', '--router', '--once', '--json']) assert.ok(output.includes(word))
})

describe('npm start', { skip: cannotBuild() }, () => {
  test('--once --json prints one document and nothing else, and exits 0 when all is well', async () => {
    const { code, output, complaint } = await run('--once', '--json')
    assert.equal(code, 0, complaint)
    const document = JSON.parse(output)
    assert.equal(document.ok, true)
    assert.ok(document.seconds > 0)
    assert.deepEqual(document.sessions[0], {
      node: 'node-1',
      peer: '10.0.1.254',
      family: 'ipv4',
      state: 'Established',
    })
    assert.equal(document.sessions.length, 4)
    assert.equal(document.mode, 'bgp')
    assert.deepEqual(
      document.objects.find(({ kind }: Record<string, string>) => kind === 'BGP neighbor'),
      { kind: 'BGP neighbor', desired: 4, actual: 4, drift: 0 },
    )
    assert.ok(
      document.routes.some(
        ({ node, prefix, via }: Record<string, string>) =>
          node === 'node-2' && prefix === '203.0.113.10/32' && via === '10.0.1.254',
      ),
    )
    assert.equal(document.pings.length, 40)
    for (const { from, to, ok, rttMs } of document.pings) {
      assert.ok(typeof from === 'string' && typeof to === 'string')
      assert.ok(ok && rttMs > 0)
    }
  })

  test('without root it builds the lab in a user namespace, or says in one sentence that it may have neither', async context => {
    if ((await ended(process.execPath, [MAIN, '--help'], NOBODY)).code !== 0)
      return context.skip('nobody but root may read this folder')
    const allowed = await ended('unshare', ['--user', '--map-root-user', '--net', '--mount', 'true'], NOBODY)
    const { code, output, complaint } = await ended(
      process.execPath,
      [MAIN, '--nodes', '1', '--once', '--json'],
      NOBODY,
    )
    if (allowed.code === 0) {
      assert.equal(code, 0, complaint)
      assert.equal(JSON.parse(output).ok, true)
    } else {
      assert.equal(code, 1)
      assert.match(complaint, /^lab: the lab needs root, or user namespaces, and can have neither here \(.*\n$/)
    }
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    test(`${signal} ends a lab that is up, and nothing of it is left`, async () => {
      const { lab } = await lastingLab()
      assert.ok(tracesOf(lab.pid!).length > 0)
      lab.kill(signal)
      const [code] = await once(lab, 'exit')
      assert.equal(code, 0)
      assert.deepEqual(tracesOf(lab.pid!), [])
    })

  test('the commands that it prints work as they stand in a plain shell', async () => {
    const { lab, printed } = await lastingLab()
    try {
      const commands = printed.split('\n').filter(line => line.startsWith('  '))
      const given = commands.filter(line => /^ {2}(export|podpeer\(\)) /.test(line))
      assert.equal(given.length, 5, printed)
      for (const [command, answer] of [
        ['podpeer bigip status', /in sync +12 +12 +0/],
        ['podpeer bigip plan', /./],
        ['podpeer peers', /10\.0\.1\.254 .*Established/],
        ['podpeer routes', /203\.0\.113\.10\/32/],
        ['podpeer explain', /KERNEL\n {2}installed via 10\.0\.1\.254/],
        ['node .*ping-from', /^5 of 5 answered$/m],
        ['node .*enter', /203\.0\.113\.10 via 10\.0\.1\.254/],
      ] as const) {
        const line = commands.find(line => new RegExp(`^ {2}${command}`).test(line))
        assert.match(await shell([...given, line].join('\n')), answer)
      }
    } finally {
      lab.kill('SIGTERM')
      await once(lab, 'exit')
    }
  })

  test('a lab that was killed is swept by the next one, its processes too', async () => {
    const { lab } = await lastingLab()
    lab.kill('SIGKILL')
    await once(lab, 'exit')
    assert.ok(tracesOf(lab.pid!).length > 0)
    assert.ok(processesOf(lab.pid!).length > 0)
    assert.ok(sweepLeftovers().includes(lab.pid!))
    assert.deepEqual(tracesOf(lab.pid!), [])
    await untilComplete('the end of its processes', DEADLINE, async () => processesOf(lab.pid!)[0])
  })
})
