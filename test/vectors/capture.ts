/**
 * Captures vectors: runs one BGP daemon in a network namespace against a collector in another and stores every different
 * message that it sends, as octets and as the value we read from them, in `test/vectors/DAEMON.json`. To be read through by
 * a person before it is committed: the value is what the tests will hold us to. `differs` says why our own encoder gives other
 * octets for the same value.
 *
 *   node test/vectors/capture.ts [DAEMON…]        as root, with the daemons of the distribution installed
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { familyOf, headerLength, messageType } from '../../bgp/wire/iana.ts'
import { decodeMessage } from '../../bgp/wire/message.ts'
import type { Open } from '../../bgp/wire/open.ts'
import type { UpdateContext } from '../../bgp/wire/update-context.ts'
import { plainContext } from '../bgp/wire/plain-session.ts'
import { announcements, type Captured, Collector, withdrawals } from './collector.ts'
import { type Command, type Daemon, daemonAddress, daemonAs, daemons, sessions } from './daemons.ts'
import { describe, encodeAgain } from './description.ts'
import { formOf } from './form.ts'

const collectorNamespace = `podpeer-vectors-${process.pid}-a`
const daemonNamespace = `podpeer-vectors-${process.pid}-b`

const inside = process.env['PODPEER_VECTORS']
if (inside === undefined) {
  const wanted = process.argv.slice(2)
  for (const daemon of daemons) if (wanted.length === 0 || wanted.includes(daemon.name)) captureInNamespaces(daemon)
} else {
  const [name, namespace] = inside.split(' ')
  await capture(daemons.find(daemon => daemon.name === name)!, namespace!)
}

/** Builds the two namespaces and runs this file again in the collector's. */
function captureInNamespaces(daemon: Daemon): void {
  const ip = (text: string) => execFileSync('ip', text.split(' '))
  try {
    for (const namespace of [collectorNamespace, daemonNamespace]) {
      ip(`netns add ${namespace}`)
      ip(`-n ${namespace} link set lo up`)
    }
    ip(`-n ${collectorNamespace} link add veth0 type veth peer name veth0 netns ${daemonNamespace}`)
    for (const { address } of sessions) ip(`-n ${collectorNamespace} address add ${address}/24 dev veth0`)
    ip(`-n ${collectorNamespace} address add 2001:db8::1/64 dev veth0 nodad`)
    ip(`-n ${daemonNamespace} address add ${daemonAddress[4]}/24 dev veth0`)
    ip(`-n ${daemonNamespace} address add ${daemonAddress[6]}/64 dev veth0 nodad`)
    for (const namespace of [collectorNamespace, daemonNamespace]) ip(`-n ${namespace} link set veth0 up`)
    spawnSync('ip', ['netns', 'exec', collectorNamespace, process.execPath, import.meta.filename], {
      stdio: 'inherit',
      env: { ...process.env, PODPEER_VECTORS: `${daemon.name} ${daemonNamespace}` },
    })
  } finally {
    for (const namespace of [collectorNamespace, daemonNamespace]) spawnSync('ip', ['netns', 'delete', namespace])
  }
}

async function capture(daemon: Daemon, namespace: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `podpeer-vectors-${daemon.name}-`))
  chmodSync(folder, 0o777)
  const running: ChildProcess[] = []
  const collector = new Collector()
  try {
    await collector.listen()
    for (const command of daemon.start(folder)) {
      running.push(start(command, namespace))
      await sleep(500)
    }
    for (let tries = 0; !collector.ready && tries < 60; tries++) await sleep(500)
    if (!collector.ready) console.warn(`${daemon.name}: not every session came up`)
    for (const command of daemon.routes?.(folder) ?? []) run(command, namespace)
    await sleep(1500)
    collector.send('external', announcements('external'))
    collector.send('internal', announcements('internal'))
    await sleep(4000)
    collector.send('external', withdrawals())
    for (const command of daemon.refresh?.(folder) ?? []) run(command, namespace)
    await sleep(4000)
    // a KEEPALIVE one octet too long
    collector.send('narrow', Uint8Array.of(...new Array(16).fill(0xff), 0, 20, messageType.keepalive, 0))
    await sleep(1000)
    for (const child of running.toReversed()) child.kill('SIGTERM')
    await sleep(2000)
  } finally {
    for (const child of running) child.kill('SIGKILL')
    collector.close()
    rmSync(folder, { recursive: true, force: true })
  }
  store(daemon, collector.captured)
}

function start({ command, args, env }: Command, namespace: string): ChildProcess {
  const options = { stdio: ['ignore', 'ignore', 'inherit'] as const, env: { ...process.env, ...env } }
  return spawn('ip', ['netns', 'exec', namespace, command, ...args], { ...options, stdio: [...options.stdio] })
}

function run({ command, args }: Command, namespace: string): void {
  const { status, stderr } = spawnSync('ip', ['netns', 'exec', namespace, command, ...args], { encoding: 'utf8' })
  if (status !== 0) console.warn(`${command} ${args.join(' ')}: ${stderr}`)
}

/** What the daemon's OPEN came to with the collector's, which offers all there is. */
function negotiated(captured: readonly Captured[]): Partial<UpdateContext> {
  const open = captured.find(({ session, type }) => session.name === 'extended' && type === messageType.open)!
  const { capabilities } = decodeMessage(open.type, open.bytes, headerLength, open.bytes.length) as Open
  const addPath = capabilities.find(one => one.type === 'addPath')?.families.filter(({ send }) => send) ?? []
  return {
    addPath: addPath.map(({ afi, safi }) => familyOf(afi, safi)).filter(family => family !== 0),
    extendedNextHop: capabilities.some(one => one.type === 'extendedNextHop'),
  }
}

function store(daemon: Daemon, captured: readonly Captured[]): void {
  const { stdout, stderr } = spawnSync(daemon.version.command, [...daemon.version.args], { encoding: 'utf8' })
  const version = `${stdout}${stderr}`.trim().split('\n')[0]!
  const seen = new Set<string>()
  const messages = captured.flatMap(({ session, type, bytes }) => {
    const hex = Buffer.from(bytes).toString('hex')
    const context = {
      fourOctetAs: session.fourOctetAs,
      internal: session.asNumber === daemonAs,
      families: [4, 6] as const,
      localAs: session.asNumber,
      peerAs: daemonAs,
      ...(session.name === 'extended' && negotiated(captured)),
    }
    // only an UPDATE reads differently from one session to another
    const key = type === messageType.update ? `${session.name} ${hex}` : hex
    if (type === messageType.keepalive || seen.has(key)) return []
    seen.add(key)
    const body = bytes.subarray(headerLength)
    const differs = formOf(bytes, encodeAgain(type, body, plainContext(context)))
    const value = describe(type, body, plainContext(context))
    return [{ session: session.name, context, type, hex, value, ...(differs !== '' && { differs }) }]
  })
  const file = join(import.meta.dirname, `${daemon.name}.json`)
  writeFileSync(file, `${JSON.stringify({ daemon: daemon.name, version, messages }, undefined, 1)}\n`)
  console.log(`${daemon.name} (${version}): ${messages.length} messages`)
}
