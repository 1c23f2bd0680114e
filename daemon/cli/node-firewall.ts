/** What the firewalls of this machine say, in the words of the programs that list them. */
import { execFile } from 'node:child_process'
import { parseIptables } from '../../lib/linux/firewall/iptables.ts'
import { parseNft } from '../../lib/linux/firewall/nft.ts'
import type { Chain } from '../../lib/linux/firewall/ruleset.ts'

export interface FirewallReading {
  /** By firewall; one without rules is there with none. */
  readonly chains: ReadonlyMap<string, readonly Chain[]>
  /** Why one that is installed could not be read. */
  readonly failures: readonly string[]
}

/** iptables first: its own words for rules that nftables shows as foreign ones. */
const LISTINGS = [
  { name: 'iptables', program: 'iptables-save', args: [], parse: (text: string) => parseIptables(text, 4) },
  { name: 'ip6tables', program: 'ip6tables-save', args: [], parse: (text: string) => parseIptables(text, 6) },
  { name: 'nft', program: 'nft', args: ['-j', 'list', 'ruleset'], parse: parseNft },
] as const

export async function readFirewalls(): Promise<FirewallReading> {
  const readings = await Promise.all(LISTINGS.map(async listing => ({ ...listing, ...(await list(listing)) })))
  return {
    chains: new Map(readings.flatMap(({ name, text, parse }) => (text === undefined ? [] : [[name, parse(text)]]))),
    failures: readings.flatMap(({ failure }) => failure ?? []),
  }
}

/** Neither: the program is not installed. */
interface Listed {
  readonly text?: string
  readonly failure?: string
}

/** Large clusters have tens of thousands of rules. */
const LARGEST = 256 * 1024 * 1024

function list({ program, args }: { readonly program: string; readonly args: readonly string[] }): Promise<Listed> {
  return new Promise(resolve => {
    execFile(program, args, { maxBuffer: LARGEST }, (error, text, complaint) => {
      if (error === null) return resolve({ text })
      if (error.code === 'ENOENT') return resolve({})
      resolve({ failure: `${program}: ${complaint.trim().split('\n')[0] || error.message}` })
    })
  })
}
