/**
 * Lines of ZebOS's configuration modes as changes of the objects that hold its state: a table of patterns per mode. A line
 * that no pattern takes is refused as imish refuses it; what the rules of objects refuse becomes a line with `%`.
 */
import type { JsonObject } from '../kube/json.ts'
import type { IpFamily } from './device-world.ts'
import { targetOf as object } from './kinds.ts'
import { INVALID, LineError, type Prompt } from './prompt.ts'
import { RestError } from './rest-error.ts'
import { create, modify, remove } from './verbs.ts'
import { pathOf } from './zebos-names.ts'
import { neighborLine } from './zebos-neighbor.ts'

type Pattern = readonly [RegExp, (prompt: Prompt, words: readonly string[]) => void]

const BGP = '/net/routing/bgp'
const LISTS = '/net/routing/prefix-list'
const MAPS = '/net/routing/route-map'

const domainPath = ({ box, routeDomain }: Prompt) => box.routeDomain(routeDomain)!.path
const processOf = (prompt: Prompt) => prompt.box.store.owner(`BGP ${domainPath(prompt)}`)
const at = (prompt: Prompt, name: string) => pathOf(prompt.box, prompt.routeDomain, name)

const configure: readonly Pattern[] = [
  [/^configure terminal$|^conf t$|^config t$|^enable$|^en$/, () => {}],
  [/^router bgp (\d+)$/, (prompt, [as]) => enterRouter(prompt, Number(as))],
  [
    /^no router bgp (\d+)$/,
    (prompt, [as]) => {
      const process = processOf(prompt)
      if (process === undefined || process.values['localAs'] !== Number(as))
        throw new LineError("% Can't find BGP instance")
      remove(prompt.box, object(BGP, process.path))
      prompt.mode = { name: 'configure' }
    },
  ],
  [/^(no )?bgp extended-asn-cap$/, (prompt, [no]) => setExtended(prompt, no === undefined)],
  [/^(ip|ipv6) prefix-list (\S+) description (.+)$/, (prompt, [, name, text]) => describeList(prompt, name!, text)],
  [/^no (ip|ipv6) prefix-list (\S+)$/, (prompt, [, name]) => remove(prompt.box, object(LISTS, at(prompt, name!)))],
  [
    /^(no )?(ip|ipv6) prefix-list (\S+)(?: seq (\d+))? (permit|deny) (\S+)(?: ge (\d+))?(?: le (\d+))?$/,
    (prompt, words) => prefixListEntry(prompt, words),
  ],
  [/^route-map (\S+) (permit|deny) (\d+)$/, (prompt, words) => enterRouteMap(prompt, words)],
  [
    /^no route-map (\S+)(?: (permit|deny) (\d+))?$/,
    ({ box, routeDomain }, [name, , sequence]) => {
      const path = pathOf(box, routeDomain, name!)
      const target = sequence === undefined ? object(MAPS, path) : object(`${MAPS}/entries`, sequence, path)
      remove(box, target)
      if (box.store.count(`${MAPS}/entries`, path) === 0 && sequence !== undefined) remove(box, object(MAPS, path))
    },
  ],
  [/^line .+$|^log file .+$|^(no )?service .+$|^no banner motd$/, () => {}],
  [/^exit$|^end$/, prompt => leave(prompt)],
]

const router: readonly Pattern[] = [
  [
    /^(no )?bgp router-id(?: (\S+))?$/,
    (prompt, [no, id]) => setProcess(prompt, { routerId: no === undefined ? id! : null }),
  ],
  [/^no bgp graceful-restart$/, prompt => setProcess(prompt, { gracefulRestart: {} })],
  [/^bgp graceful-restart$/, prompt => gracefulRestart(prompt, 'restartTime', 90)],
  [
    /^bgp graceful-restart (restart|stalepath)-time (\d+)$/,
    (prompt, [what, time]) =>
      gracefulRestart(prompt, what === 'restart' ? 'restartTime' : 'stalepathTime', Number(time)),
  ],
  [
    /^timers bgp (\d+) (\d+)$/,
    (prompt, [keepAlive, holdTime]) => setProcess(prompt, { keepAlive: keepAlive!, holdTime: holdTime! }),
  ],
  [/^no timers bgp.*$/, prompt => setProcess(prompt, { keepAlive: null, holdTime: null })],
  [
    /^(no )?redistribute (kernel|connected|static|isis|ospf|rip)(?: route-map (\S+))?$/,
    (prompt, words) => redistribute(prompt, words),
  ],
  [/^address-family (ipv4|ipv6)(?: unicast)?$/, (prompt, [family]) => enterFamily(prompt, family as IpFamily)],
  [/^exit-address-family$/, prompt => enterFamily(prompt, 'ipv4')],
  [
    /^(no )?neighbor (\S+)(?: (.+))?$/,
    (prompt, [no, peer, rest]) => neighborLine(prompt, no !== undefined, peer!, rest ?? ''),
  ],
  [
    /^(no )?((?:max-paths|network|aggregate-address|distance|bgp log-neighbor-changes|bgp always-compare-med)\b.*)$/,
    (prompt, [no, line]) => otherLine(prompt, line!, no === undefined),
  ],
]

const routeMap: readonly Pattern[] = [
  [
    /^(no )?match (ip|ipv6) address prefix-list (\S+)$/,
    (prompt, [no, word, name]) => {
      if (prompt.mode.name !== 'route-map') return
      const { path, sequence } = prompt.mode
      const target = object(`${MAPS}/entries`, sequence, path)
      const family = word === 'ip' ? 'ipv4' : 'ipv6'
      const match = no === undefined ? { [family]: { address: { prefixList: at(prompt, name!) } } } : {}
      modify(prompt.box, target, { match }, false)
    },
  ],
  [/^(no )?(set|match) .+$/, () => {}],
]

/** One line in the mode that the prompt is in, or in the one above it. @returns what imish prints */
export function configureLine(prompt: Prompt, line: string): string {
  const { name } = prompt.mode
  const own = name === 'router' ? router : name === 'route-map' ? routeMap : []
  for (const [pattern, act] of [...own, ...configure]) {
    const found = pattern.exec(line)
    if (found === null) continue
    try {
      act(prompt, found.slice(1))
      return ''
    } catch (thrown) {
      if (thrown instanceof LineError) return `${thrown.message}\n`
      if (thrown instanceof RestError) return `% ${thrown.message}\n`
      throw thrown
    }
  }
  return `${line}\n^\n${INVALID}\n`
}

function leave(prompt: Prompt): void {
  prompt.mode = { name: prompt.mode.name === 'configure' ? 'exec' : 'configure' }
}

function enterRouter(prompt: Prompt, as: number): void {
  const process = processOf(prompt)
  if (process !== undefined && process.values['localAs'] !== as)
    throw new LineError(`% BGP is already running; AS is ${process.values['localAs']}`)
  const path = process?.path ?? at(prompt, 'bgp')
  if (process === undefined)
    create(prompt.box, object(BGP), { name: path, localAs: as, routeDomain: domainPath(prompt) })
  prompt.mode = { name: 'router', process: path, family: 'ipv4' }
}

function enterFamily(prompt: Prompt, family: IpFamily): void {
  if (prompt.mode.name === 'router') prompt.mode = { ...prompt.mode, family }
}

function enterRouteMap(prompt: Prompt, [name, action, sequence]: readonly string[]): void {
  const { box } = prompt
  const path = at(prompt, name!)
  if (box.store.get(MAPS, path) === undefined)
    create(box, object(MAPS), { name: path, routeDomain: domainPath(prompt) })
  if (box.store.get(`${MAPS}/entries`, sequence!, path) === undefined)
    create(box, object(`${MAPS}/entries`, undefined, path), { name: sequence!, action: action! })
  else modify(box, object(`${MAPS}/entries`, sequence!, path), { action: action! }, false)
  prompt.mode = { name: 'route-map', path, sequence: sequence! }
}

function setExtended({ box, routeDomain }: Prompt, on: boolean): void {
  const entry = box.routeDomain(routeDomain)!
  const { extendedAsnCap: _, ...values } = entry.values
  box.store.put({ ...entry, values: on ? { ...values, extendedAsnCap: true } : values })
}

function makeList(prompt: Prompt, name: string): string {
  const path = at(prompt, name)
  if (prompt.box.store.get(LISTS, path) === undefined)
    create(prompt.box, object(LISTS), { name: path, routeDomain: domainPath(prompt) })
  return path
}

function describeList(prompt: Prompt, name: string, description: string | undefined): void {
  modify(prompt.box, object(LISTS, makeList(prompt, name)), { description: description! }, false)
}

const STEP = 5

function prefixListEntry(prompt: Prompt, words: readonly (string | undefined)[]): void {
  const [no, word, name = '', given, action, prefix = '', from, to] = words
  const { store } = prompt.box
  const entries = () => store.list(`${LISTS}/entries`, at(prompt, name))
  const all = word === 'ip' ? '0.0.0.0/0' : '::/0'
  const lengths = from === undefined && to === undefined ? {} : { prefixLenRange: `${from ?? ''}:${to ?? ''}` }
  const body: JsonObject = { action: action!, prefix: prefix === 'any' ? all : prefix, ...lengths }
  if (no !== undefined) {
    const found = entries().find(entry => given === undefined || entry.name === given)
    if (found === undefined) throw new LineError("% Can't find specified prefix-list entry")
    remove(prompt.box, object(`${LISTS}/entries`, found.name, found.parent))
    if (entries().length === 0) remove(prompt.box, object(LISTS, found.parent))
    return
  }
  const path = makeList(prompt, name)
  const last = Math.max(0, ...entries().map(entry => Number(entry.name)))
  const sequence = given ?? String(last + STEP)
  const target = object(`${LISTS}/entries`, sequence, path)
  if (store.get(`${LISTS}/entries`, sequence, path) === undefined)
    create(prompt.box, target, { name: sequence, ...body })
  else modify(prompt.box, target, body, true)
}

function setProcess({ box, mode }: Prompt, change: JsonObject): void {
  if (mode.name === 'router') modify(box, object(BGP, mode.process), change, false)
}

function gracefulRestart(prompt: Prompt, field: string, time: number): void {
  const before = processOf(prompt)!.values['gracefulRestart'] as JsonObject
  setProcess(prompt, { gracefulRestart: { ...before, [field]: time } })
}

function redistribute(prompt: Prompt, [no, from, map]: readonly (string | undefined)[]): void {
  if (prompt.mode.name !== 'router') return
  const { family } = prompt.mode
  const families = (processOf(prompt)!.values['addressFamily'] ?? []) as JsonObject[]
  const own = families.find(({ name }) => name === family) ?? { name: family }
  const others = ((own['redistribute'] ?? []) as JsonObject[]).filter(({ name }) => name !== from)
  const added = no === undefined ? [{ name: from!, ...(map === undefined ? {} : { routeMap: at(prompt, map) }) }] : []
  const addressFamily = [...families.filter(one => one !== own), { ...own, redistribute: [...others, ...added] }]
  setProcess(prompt, { addressFamily })
}

/** Kept as it is: nothing but the running configuration shows it. */
function otherLine({ box, mode }: Prompt, line: string, on: boolean): void {
  if (mode.name !== 'router') return
  const entry = box.store.get(BGP, mode.process)!
  const others = ((entry.values['otherLines'] ?? []) as string[]).filter(one => one !== line)
  box.store.put({ ...entry, values: { ...entry.values, otherLines: on ? [...others, line] : others } })
}
