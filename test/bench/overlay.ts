/**
 * A node's rows for 1,000 VTEPs: neighbour, FDB row and three routes of each, and the nexthop and the group that its FDB row
 * goes through. In a namespace of the row's own.
 */
import { addressOfUint32, parseAddress } from '../../lib/base/ip.ts'
import { Prefix } from '../../lib/base/prefix.ts'
import { createLink, findLink, setLink } from '../../lib/linux/netlink/link.ts'
import { OverlayTable } from '../../lib/linux/overlay/overlay-table.ts'
import type { OverlayRow } from '../../lib/linux/overlay/row.ts'
import type { Vtep } from '../../vxlan/vtep.ts'
import { vtepRows } from '../../vxlan/wanted.ts'
import { makePlace, whyNoPlace } from './kernel.ts'
import type { Prepared, Row } from './row.ts'

const vteps = 1000
const subnets = 3
const rows = vteps * (2 + subnets)
const messages = rows + 2 * vteps

const FIRST = { endpoint: parseAddress('172.16.0.1').uint32, self: parseAddress('10.128.0.1').uint32 }

function vtep(number: number, changed = 0): Vtep {
  const self = FIRST.self + 0x400 * number
  return {
    name: `bigip-${number}`,
    family: 4,
    endpoint: addressOfUint32(FIRST.endpoint + number),
    mac: `02:00:00:0${changed}:${(number >> 8).toString(16).padStart(2, '0')}:${(number & 255).toString(16).padStart(2, '0')}`,
    selfIP: addressOfUint32(self),
    floating: [],
    subnets: Array.from({ length: subnets }, (_, at) => new Prefix(addressOfUint32(self + 0x100 * at).bytes, 24)),
    standby: false,
  }
}

const wanted = (changed?: number): OverlayRow[] =>
  vtepRows(
    Array.from({ length: vteps }, (_, number) => vtep(number, number === changed ? 1 : 0)),
    'vx',
  )

/** @param start the rows that are there before the clock starts: none, those of a former process, or its own */
function prepare(
  start: 'empty' | 'adopted' | 'own',
  work: (table: OverlayTable) => Promise<void>,
  isRight: (table: OverlayTable, before: ReturnType<OverlayTable['counts']>) => boolean,
): () => Promise<Prepared> {
  return async () => {
    const place = makePlace()
    createLink(place.socket, {
      kind: 'vxlan',
      name: 'vx',
      vni: 1,
      port: 8472,
      local: parseAddress('10.0.0.1'),
      learning: false,
    })
    setLink(place.socket, findLink(place.socket, 'vx').index, { up: true })
    let table = place.run(() => new OverlayTable())
    if (start !== 'empty') await want(table)
    if (start === 'adopted') {
      await table.close()
      table = place.run(() => new OverlayTable())
    }
    const before = table.counts()
    return {
      run: () => work(table),
      check: () => isRight(table, before) && table.counts().installed === rows,
      async close() {
        await table.close()
        place.close()
      },
    }
  }
}

async function want(table: OverlayTable, changed?: number): Promise<void> {
  table.want(wanted(changed))
  await table.settled()
}

export const overlayRows: readonly Row[] = [
  {
    name: 'overlay-full',
    title: `${rows.toLocaleString('en')} rows for 1,000 VTEPs, until the kernel has them, in batches of 128`,
    unit: 'row',
    count: rows,
    impossible: whyNoPlace,
    prepare: prepare('empty', want, table => {
      const { calls } = table.counts()
      return calls.messages === messages && calls.batches <= Math.ceil(messages / 125) && calls.reads <= 2
    }),
  },
  {
    name: 'overlay-resync',
    title: 'the same wanted by the next process: all is read and adopted, nothing is written',
    unit: 'row',
    count: rows,
    impossible: whyNoPlace,
    prepare: prepare('adopted', want, table => table.counts().calls.messages === 0),
  },
  {
    name: 'overlay-change',
    title: 'one VTEP of 1,000 gets another MAC: one batch of three messages',
    unit: 'change',
    count: 1,
    impossible: whyNoPlace,
    prepare: prepare(
      'own',
      table => want(table, 500),
      (table, { calls }) => table.counts().calls.messages - calls.messages === 3,
    ),
  },
]
