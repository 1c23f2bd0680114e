import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { reasonOf } from '../../../lib/base/failure.ts'
import type { ProbeResult } from '../../../vxlan/probe/probe.ts'
import { noNamespaces, type TestNamespace } from '../../linux/netns.ts'
import { makeTunnel, type Tunnel } from './tunnel.ts'

/** Why raw-socket, a native module that not every machine can build, does not serve here. */
const noRawSocket = (() => {
  try {
    createRequire(import.meta.url)('raw-socket')
    return undefined
  } catch (thrown) {
    return `needs raw-socket: ${reasonOf(thrown).split('\n')[0]}`
  }
})()

const options = { skip: noNamespaces ?? noRawSocket ?? false }

const script = new URL('./probe-in.ts', import.meta.url).pathname

/** Answers as JSON has them. */
type Result = Omit<ProbeResult, 'endpoint' | 'selfIP' | 'udpRefused'> & { udpRefused?: { from: string } }

async function probe({ node, request }: Pick<Tunnel, 'node' | 'request'>): Promise<Result> {
  return JSON.parse(await runIn(node, JSON.stringify(request)))
}

async function runIn({ name }: TestNamespace, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('ip', ['netns', 'exec', name, process.execPath, script, ...args])
  return stdout
}

for (const family of [4, 6] as const)
  test(
    `IPv${family}: a tunnel that works is healthy, and each way to break it has its own finding`,
    options,
    async context => {
      const tunnel = await makeTunnel(context, family, family === 6 ? ' udp6zerocsumrx' : '')
      const { bigip } = tunnel
      const well = await probe(tunnel)
      assert.deepEqual(
        [well.verdict.code, well.outer.received, well.inner?.received, well.pathMtu, well.full?.type],
        ['healthy', 3, 3, { mtu: 1500, source: 'whole' }, 'reply'],
      )
      bigip.ip('addr flush dev vx')
      assert.equal((await probe(tunnel)).verdict.code, 'inner', 'BIG-IP lacks its self IP')
      bigip.ip('link set vx down')
      const refused = await probe(tunnel)
      assert.deepEqual(
        [refused.verdict.code, refused.udpRefused?.from],
        ['port-refused', String(tunnel.request.vtep.endpoint)],
      )
      bigip.ip('link set up0 down')
      assert.equal((await probe(tunnel)).verdict.code, 'underlay')
    },
  )

test(
  'a path that takes less than the tunnel needs is measured, whether or not somebody says so',
  options,
  async context => {
    const tunnel = await makeTunnel(context, 4)
    // veth lets four octets more come in than its MTU
    tunnel.bigip.ip('link set up0 mtu 1446')
    const { verdict, pathMtu } = await probe(tunnel)
    assert.deepEqual(pathMtu, { mtu: 1450, source: 'searched' })
    assert.match(verdict.sentence, /^path MTU 1450: set the tunnel MTU to 1400 /)
  },
)

test(
  'packets over IPv6 that are dropped for their checksum are told from packets that are filtered',
  options,
  async context => {
    const tunnel = await makeTunnel(context, 6, ' udp6zerocsumtx udp6zerocsumrx')
    assert.equal((await probe(tunnel)).verdict.code, 'healthy')
    const { node } = tunnel
    node.ip('link del vx')
    node.ip('link add vx type vxlan id 1 dstport 8472 local fd09::1 nolearning')
    node.ip('link set vx up')
    node.ip('addr add fd24::1/64 dev vx nodad')
    node.bridge('fdb append 00:00:00:00:00:00 dev vx dst fd09::2')
    const { verdict, checksumDrops } = await probe(tunnel)
    assert.equal(verdict.code, 'checksum')
    assert.ok(checksumDrops > 0)
  },
)

test(
  'without raw-socket the ICMP datagram socket measures the same, where the kernel lets us',
  options,
  async context => {
    const tunnel = await makeTunnel(context, 4)
    execFileSync('ip', ['netns', 'exec', tunnel.node.name, 'sysctl', '-qw', 'net.ipv4.ping_group_range=0 0'])
    // veth lets four octets more come in than its MTU
    tunnel.bigip.ip('link set up0 mtu 1446')
    const found = await runIn(tunnel.node, 'datagram', JSON.stringify(tunnel.request))
    assert.deepEqual(JSON.parse(found), { mtu: 1450, source: 'searched' })
  },
)
