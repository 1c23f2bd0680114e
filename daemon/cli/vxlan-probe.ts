/** `podpeer vxlan probe [VTEP]`: the way to each VTEP as it was measured just now, and what it means. */
import type { ControlClient } from '../control/client.ts'
import type { EchoStatus, ProbeStatus, ProbesDocument } from '../control/overlay-document.ts'
import type { TextOptions, View } from './output.ts'
import { paint } from './screen.ts'
import { renderFields, renderNote } from './table.ts'
import { renderMilliseconds } from './vxlan.ts'

export function probeView(client: Pick<ControlClient, 'probeVteps'>, vtep: string | undefined): View<ProbesDocument> {
  return {
    ask: async () => ({ probes: await client.probeVteps(vtep) }),
    text: ({ probes }, options) => probes.map(probe => renderProbe(probe, options)).join('\n'),
    steady: ({ probes }) => probes.map(({ vtep: name, code }) => ({ name, code })),
  }
}

function renderProbe(probe: ProbeStatus, { look }: TextOptions): string {
  const { vtep, family, healthy, finding, device, pathMtu, means } = probe
  const fields: [string, string | undefined][] = [
    ['Outside', probe.outer && renderEcho(probe.outer)],
    ['Inside', probe.inner && renderEcho(probe.inner)],
    ['Path MTU', probe.outer && (pathMtu === undefined ? 'could not be measured' : String(pathMtu))],
    ['Device', device && `${device.name}, MTU ${device.mtu}`],
    ['By', means],
  ]
  return [
    paint(look, 'strong', `${vtep} ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`),
    '\n',
    renderNote(look, healthy ? 'good' : 'bad', finding, '  '),
    renderFields(
      look,
      fields.flatMap(([name, text]) => (text === undefined ? [] : [[`  ${name}`, text] as const])),
    ),
  ].join('')
}

function renderEcho({ sent, received, roundTrip }: EchoStatus): string {
  const answered = `${received} of ${sent} pings answered`
  if (roundTrip === undefined) return answered
  const times = [roundTrip.least, roundTrip.median, roundTrip.most].map(renderMilliseconds)
  return `${answered}, round trip ${times.join(' / ')}`
}
