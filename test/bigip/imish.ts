/** imish: ZebOS's shell in a route domain, from its prompt in exec mode or with lines of configuration. */
import type { IpFamily } from './device-world.ts'
import { INVALID, type Prompt } from './prompt.ts'
import { hasTmosRouting, protocolsOf } from './routing-mode.ts'
import { renderRunningConfig, renderSummary } from './running-config.ts'
import { neighborStates } from './statistics.ts'
import type { Unit } from './unit.ts'
import { worldBgp } from './world-bgp.ts'
import { configureLine } from './zebos-lines.ts'

const disabled = (routeDomain: number) => `Dynamic routing is not enabled in route domain ${routeDomain}\n`
const NOT_RUNNING = 'Protocol daemon is not running\n'

/** @returns what it prints; a line that is refused does not stop those after it */
export async function runImish(
  unit: Unit,
  routeDomain: number,
  lines: readonly string[],
  mode: 'exec' | 'configure',
): Promise<string> {
  const { box } = unit
  const domain = box.routeDomain(routeDomain)
  const legacy = domain !== undefined && protocolsOf(domain).includes('BGP')
  const tmos = hasTmosRouting(box) && worldBgp(box, routeDomain) !== undefined
  if (!box.machine.routingBundle || !(legacy || tmos)) return disabled(routeDomain)
  if (!unit.routingDaemon) return NOT_RUNNING
  const states = lines.some(line => /^\s*sh/.test(line)) ? await neighborStates(unit, routeDomain) : []
  const prompt: Prompt = { box, routeDomain, mode: { name: mode } }

  const show = (what: string): string | undefined => {
    if (/^running-config( .*)?$/.test(what)) return renderRunningConfig(box, routeDomain)
    const [, family] = /^(?:ip )?bgp (?:(ipv4|ipv6) (?:unicast )?)?summary$/.exec(what) ?? [undefined, undefined]
    if (family !== undefined || /^(ip )?bgp summary$/.test(what))
      return renderSummary(box, routeDomain, states, (family ?? 'ipv4') as IpFamily)
    if (/^(ip )?bgp neighbors$/.test(what))
      return states.map(({ address, state }) => `BGP neighbor is ${address}\n  BGP state = ${state}\n\n`).join('')
    return undefined
  }
  const execute = (line: string): string => {
    if (/^(enable|en|end|exit|quit|terminal length \d+)$/.test(line)) return ''
    if (/^(write|wr)( memory| mem| file)?$/.test(line)) {
      unit.save('ZebOS')
      return 'Building configuration...\n[OK]\n'
    }
    if (/^conf(ig|igure)? (t|term|terminal)$/.test(line)) {
      prompt.mode = { name: 'configure' }
      return ''
    }
    const [, what] = /^sh(?:ow)? (.+)$/.exec(line) ?? []
    const shown = what === undefined ? undefined : show(what.replace(/^run(ning)?(?=$| )/, 'running-config'))
    return shown ?? (/^clear (ip )?bgp .+$/.test(line) ? '' : `${line}\n^\n${INVALID}\n`)
  }
  return unit.change(() => {
    let output = ''
    for (const raw of lines) {
      const line = raw.trim().replace(/\s+/g, ' ')
      if (line === '' || line.startsWith('!')) continue
      if (line === 'end') prompt.mode = { name: 'exec' }
      else output += prompt.mode.name === 'exec' ? execute(line) : configureLine(prompt, line)
    }
    return output
  })
}
