/** A monitoring station of another make: pmacct's pmbmpd writes what it hears as JSON. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { cannotInteroperate } from '../lab/daemons.ts'
import { spaceOf } from '../lab/network.ts'
import { LabProcess } from '../lab/process.ts'
import { until } from '../until.ts'
import { THEIR_AS, THEIR_PREFIXES, THEIRS } from './pair.ts'
import { withBird } from './their-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'podpeer-bmp-'))
after(() => rmSync(folder, { recursive: true }))

const PORT = 11019

interface Logged {
  readonly bmp_msg_type?: string
  readonly ip_prefix?: string
  readonly peer_ip?: string
  readonly peer_asn?: number
  readonly bgp_nexthop?: string
  readonly as_path?: string
  readonly is_post?: number
  readonly reason_type?: number
}

describe('BMP', { skip: cannotInteroperate('pmacct') }, () => {
  test('pmbmpd hears of the session, of the routes of the peer before policy, and of its end', async () => {
    await using pair = await withBird(
      {},
      { settings: { bmp: { stations: [{ name: 'noc', address: THEIRS.ipv4, port: PORT }] } } },
    )
    const log = join(folder, 'station.json')
    const config = join(folder, 'pmbmpd.conf')
    const settings = [
      `bmp_daemon_ip: ${THEIRS.ipv4}`,
      `bmp_daemon_port: ${PORT}`,
      `bmp_daemon_msglog_file: ${log}`,
      'bmp_daemon_msglog_output: json',
      'daemonize: false',
    ]
    writeFileSync(config, `${settings.join('\n')}\n`)
    const command = { namespace: spaceOf('other'), command: '/usr/sbin/pmbmpd', args: ['-f', config] }
    const station = new LabProcess({ ...command, log: join(folder, 'pmbmpd.log') })
    const logged = (): Logged[] =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .split('\n')
            .slice(0, -1)
            .map(line => JSON.parse(line))
        : []
    try {
      await pair.learned('us', Object.values(THEIR_PREFIXES))
      for (const prefix of Object.values(THEIR_PREFIXES))
        await until(`${prefix} is logged`, () => logged().some(one => one.ip_prefix === prefix))
      const route = logged().find(one => one.ip_prefix === THEIR_PREFIXES.ipv4)!
      assert.equal(route.peer_ip, THEIRS.ipv4)
      assert.equal(route.bgp_nexthop, THEIRS.ipv4)
      assert.equal(route.as_path, String(THEIR_AS))
      assert.equal(route.is_post, 0)
      const up = logged().find(one => one.bmp_msg_type === 'peer_up')
      assert.deepEqual([up?.peer_ip, up?.peer_asn], [THEIRS.ipv4, THEIR_AS])
      await pair.us.reset('other', 'for a test')
      await until('its end is logged', () => logged().some(one => one.bmp_msg_type === 'peer_down'))
      assert.equal(logged().find(one => one.bmp_msg_type === 'peer_down')?.reason_type, 1)
    } finally {
      await station.stop()
    }
  })
})
