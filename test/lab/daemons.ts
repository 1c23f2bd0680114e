/**
 * What tests that build networks need of the machine: root, the routers of others, and what they are tried with. A person
 * without them sees the tests skipped with the reason. What is missing is installed in CI and wherever no systemd would start
 * it as a service of the machine. In CI nothing is skipped.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mayBuild } from './rootless.ts'

const inCi = process.env['CI'] !== undefined
const PACKAGES = {
  frr: '/usr/lib/frr/bgpd',
  bird2: '/usr/sbin/bird',
  gobgpd: '/usr/bin/gobgpd',
  bgpdump: '/usr/bin/bgpdump',
  pmacct: '/usr/sbin/pmbmpd',
  nftables: '/usr/sbin/nft',
}

/** For the `skip` of a test: a reason, or false. */
export function cannotBuild(): string | false {
  return mayBuild() || inCi ? false : 'it builds network namespaces: run the tests as root'
}

/**
 * For the `skip` of a test that needs FRR and BIRD, too. Installs what is missing.
 * @param also needed beside these
 * @throws Error in CI, when that fails
 */
export function cannotInteroperate(...also: ('gobgpd' | 'bgpdump' | 'pmacct' | 'nftables')[]): string | false {
  const reason = cannotBuild()
  if (reason !== false) return reason
  const missing = absentOf(['frr', 'bird2', ...also])
  if (missing.length === 0) return false
  if (inCi || !existsSync('/run/systemd/system')) install(missing)
  const absent = absentOf(missing)
  if (absent.length === 0) return false
  const problem = `it needs other programs: apt-get install ${absent.join(' ')}`
  if (inCi) throw new Error(problem)
  return problem
}

function absentOf(packages: readonly (keyof typeof PACKAGES)[]) {
  return packages.filter(name => !existsSync(PACKAGES[name]))
}

function install(packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]])
    spawnSync('apt-get', args, { env, stdio: 'ignore' })
}
