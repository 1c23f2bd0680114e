/** The commands that write and read MRT files. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { InputFault } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { ControlClient } from '../control/client.ts'
import { agentSocket } from './agent-commands.ts'
import type { OutputFormat } from './output.ts'
import { outputOption, type Tree } from './tree.ts'

interface DumpOptions {
  readonly socket: string
  readonly out?: string
}

interface RecordOptions {
  readonly socket: string
  readonly peer?: string
  readonly rotate?: number
  readonly keep: number
}

interface ReplayCommandOptions {
  readonly as: number
  readonly peer?: string
  readonly peerAs?: number
  readonly port: number
  readonly offline?: true
  readonly output: OutputFormat
}

export function addMrtCommands(tree: Tree): void {
  const mrt = tree.program.command('mrt').description('routes and messages as MRT files (RFC 6396)')
  asking(tree, mrt.command('dump'))
    .description('all routes as the peers sent them, and our own (TABLE_DUMP_V2)')
    .option('--out <file>', 'where to; without it standard output')
    .action(async ({ socket, out }: DumpOptions) => {
      const { dump } = await import('./mrt.ts')
      await dump(new ControlClient(socket), tree.screen, out)
    })
  asking(tree, mrt.command('record'))
    .description('the messages of the sessions as they pass (BGP4MP_ET), until Ctrl-C')
    .argument('<file>', 'is appended to')
    .option('--peer <address>', 'only of this peer, by address or name')
    .addOption(new Option('--rotate <size>', 'begin a new file after so much: 500K, 64M, 1G').argParser(parseSize))
    .addOption(
      new Option('--keep <count>', 'files kept beside: FILE.1 is the youngest').argParser(parseCount).default(5),
    )
    .action(async (file: string, { socket, peer, rotate, keep }: RecordOptions) => {
      const { record } = await import('./mrt.ts')
      const turning = { ...(rotate !== undefined && { size: rotate }), keep }
      await record(new ControlClient(socket), tree.screen, file, turning, peer)
    })
  mrt
    .command('replay')
    .description(
      'play an MRT file into a speaker of its own, which has no kernel: to look at it, or to tell a router of it',
    )
    .argument('<file>', '- for standard input')
    .addOption(new Option('--as <number>', 'AS number of that speaker').argParser(parseAs).default(64512))
    .addOption(
      new Option('--peer <address>', 'a router that is told the best routes, until Ctrl-C').argParser(checkAddress),
    )
    .addOption(new Option('--peer-as <number>', "that router's AS number").argParser(parseAs))
    .addOption(new Option('--port <number>', 'its port').argParser(parsePort).default(179))
    .addOption(
      new Option('--offline', 'tell nobody: count what the peers of the file sent, and what is best').conflicts('peer'),
    )
    .addOption(outputOption())
    .action(async (file: string, options: ReplayCommandOptions) => {
      const { peer, peerAs, offline } = options
      if (peer === undefined && !offline)
        throw new InputFault('--peer', 'it is missing', 'name a router, or write --offline')
      if (peer !== undefined && peerAs === undefined)
        throw new InputFault('--peer-as', 'it is missing', "write the router's AS number")
      const { replay } = await import('./mrt-replay.ts')
      const target = peer === undefined ? undefined : { address: peer, asNumber: peerAs!, port: options.port }
      await replay(file, tree.screen, options.output, options.as, target)
    })
  mrt
    .command('show')
    .description('an MRT file of any speaker as text, a line for each path or message')
    .argument('<file>', '- for standard input')
    .addOption(outputOption())
    .action(async (file: string, { output }: { readonly output: OutputFormat }) => {
      const { showMrt } = await import('./mrt.ts')
      await showMrt(file, tree.screen, output)
    })
}

function asking(tree: Tree, command: Command): Command {
  return command.option('--socket <path>', "the agent's control socket ($PODPEER_SOCKET)", agentSocket(tree))
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1 << 10, M: 1 << 20, G: 1 << 30 }

function parseSize(text: string): number {
  const [, digits, unit = ''] = /^([1-9]\d{0,8})([KMG]?)$/.exec(text) ?? []
  if (digits === undefined) throw new InvalidArgumentError('Write a size such as 500K, 64M or 1G.')
  return Number(digits) * UNITS[unit]!
}

function parseCount(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError('Write a number up to 999.')
  return Number(text)
}

function parseAs(text: string): number {
  const number = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0
  if (number === 0 || number > 0xffffffff) throw new InvalidArgumentError('Write a number from 1 to 4294967295.')
  return number
}

function parsePort(text: string): number {
  const number = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0
  if (number === 0 || number > 0xffff) throw new InvalidArgumentError('Write a number from 1 to 65535.')
  return number
}

function checkAddress(text: string): string {
  parseAddress(text)
  return text
}
