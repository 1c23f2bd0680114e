/**
 * Measures the way to one BIG-IP: its address outside the tunnel, its self IP inside, how large packets may be. What it
 * means judge.ts says.
 */
import { readFileSync } from 'node:fs'
import { WorldFault } from '../../lib/base/failure.ts'
import type { Address } from '../../lib/base/ip.ts'
import type { Vtep } from '../vtep.ts'
import { DatagramEcho } from './datagram-echo.ts'
import { type Answer, type Echoer, HEADERS } from './echo.ts'
import { type EchoSeries, judgeProbe, type Measurements, type ProbeVerdict } from './judge.ts'
import { findPathMtu } from './path-mtu.ts'
import { RawEcho } from './raw-echo.ts'

export interface ProbeRequest {
  readonly vtep: Vtep
  /** Name and MTU of the device that carries the tunnel, and of the link below it (that of the route to the endpoint). */
  readonly device: string
  readonly deviceMtu: number
  readonly underlayMtu: number
  readonly port: number
  readonly missingRows: readonly string[]
  /** Only outside the tunnel: the node has no address inside by which an answer could come back. */
  readonly outside?: true
  /** Echo requests of each sort; default 5. */
  readonly count?: number
  /** Milliseconds for one; default 1000. */
  readonly timeout?: number
}

export interface ProbeResult extends Measurements {
  readonly vtep: string
  /** What it was measured with, and why not with raw-socket, if so. */
  readonly means: string
  readonly verdict: ProbeVerdict
}

/** Milliseconds between echo requests. */
const INTERVAL = 20
const SMALL = 64

/** @throws WorldFault where no echo request can be sent in any way */
export async function probeVtep(request: ProbeRequest): Promise<ProbeResult> {
  const { vtep, device, deviceMtu, underlayMtu, port, missingRows, count = 5, timeout = 1000 } = request
  const { endpoint, selfIP } = vtep
  let udpRefused: Measurements['udpRefused']
  const outer = openEchoer(endpoint, (refusedPort, destination, answer) => {
    if (refusedPort === port && destination.equals(endpoint) && answer.type === 'unreachable')
      udpRefused = { reason: answer.reason, from: answer.from }
  })
  const inner = request.outside ? undefined : openEchoer(selfIP)
  const dropsBefore = checksumDrops()
  try {
    const [outside, inside] = await Promise.all([
      series(outer.echoer, count, timeout),
      inner && series(inner.echoer, count, timeout),
    ])
    const [pathMtu, full] = await Promise.all([
      outside.received > 0 ? findPathMtu(outer.echoer, endpoint.family, underlayMtu, timeout) : undefined,
      inside?.received ? inner?.echoer.echo(deviceMtu, timeout) : undefined,
    ])
    const measured: Measurements = {
      endpoint,
      selfIP,
      device,
      deviceMtu,
      port,
      outer: outside,
      pathMtu,
      inner: inside,
      full,
      udpRefused,
      checksumDrops: checksumDrops() - dropsBefore,
      missingRows,
    }
    return { ...measured, vtep: vtep.name, means: outer.means, verdict: judgeProbe(measured) }
  } finally {
    outer.echoer.close()
    inner?.echoer.close()
  }
}

type OnUdp = ConstructorParameters<typeof RawEcho>[1]

/** @throws WorldFault with both reasons */
export function openEchoer(target: Address, onUdp?: OnUdp): { echoer: Echoer; means: string } {
  try {
    const echoer = new RawEcho(target, onUdp)
    return { echoer, means: echoer.means }
  } catch (thrown) {
    if (!(thrown instanceof WorldFault)) throw thrown
    try {
      const echoer = new DatagramEcho(target)
      return { echoer, means: `${echoer.means} (${thrown.message})` }
    } catch (second) {
      if (!(second instanceof WorldFault)) throw second
      const message = `no echo request can be sent: ${thrown.message}; ${second.message} (CAP_NET_RAW, or net.ipv4.ping_group_range, would allow it)`
      throw new WorldFault('PODPEER_NO_PROBE', message, { retry: false, cause: second })
    }
  }
}

/** Small ones, one after the other, without waiting for answers. */
export async function series(echoer: Echoer, count: number, timeout: number): Promise<EchoSeries> {
  const answers: Promise<Answer>[] = []
  for (let sent = 0; sent < count; sent++) {
    if (sent > 0) await new Promise(resolve => setTimeout(resolve, INTERVAL))
    answers.push(echoer.echo(Math.max(SMALL, HEADERS[6]), timeout))
  }
  const all = await Promise.all(answers)
  const times = all
    .flatMap(answer => (answer.type === 'reply' ? answer.milliseconds : []))
    .sort((one, other) => one - other)
  const [least] = times
  const trouble = all.findLast(answer => answer.type !== 'reply')
  return {
    sent: count,
    received: times.length,
    roundTrip:
      least === undefined ? undefined : { least, median: times[times.length >> 1]!, most: times[times.length - 1]! },
    trouble: trouble as EchoSeries['trouble'],
  }
}

/** UDP packets that the kernel dropped for their checksum, of both families, in this network namespace. */
function checksumDrops(): number {
  const four = /^Udp: .*\n/gm
  const [names = '', values = ''] = (readOr('/proc/thread-self/net/snmp').match(four) ?? []).map(line => line.trim())
  const at = names.split(' ').indexOf('InCsumErrors')
  const six = /^Udp6InCsumErrors\s+(\d+)/m.exec(readOr('/proc/thread-self/net/snmp6'))?.[1]
  return Number(values.split(' ')[at] ?? 0) + Number(six ?? 0)
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
