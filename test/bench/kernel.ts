/** Routes into the kernel, in a namespace of the row's own. */
import { reasonOf } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { createNamespace, deleteNamespace, inNamespace, namespacePath } from '../../lib/linux/namespace.ts'
import { addAddress } from '../../lib/linux/netlink/address.ts'
import { createLink, findLink, setLink } from '../../lib/linux/netlink/link.ts'
import { encodePath, MAIN_TABLE, routePages, writeRoute } from '../../lib/linux/netlink/route.ts'
import { BATCH_LIMIT, NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import { RouteTable } from '../../lib/linux/table/route-table.ts'
import type { Row } from './row.ts'

const routes = 100_000
const mark = { family: 4, table: MAIN_TABLE, protocol: 179, metric: 179 } as const
const gateway = parseAddress('10.0.0.2')

export interface Place {
  readonly socket: NetlinkSocket
  /** Of the link that the routes lead over. */
  readonly link: number
  run<Result>(work: () => Result): Result
  close(): void
}

export function makePlace(): Place {
  const name = `podpeer-bench-${process.pid}`
  createNamespace(name)
  const run = <Result>(work: () => Result) => inNamespace(namespacePath(name), work)
  const socket = run(() => new NetlinkSocket())
  createLink(socket, { kind: 'veth', name: 'a', peer: { name: 'b' } })
  for (const end of ['a', 'b']) setLink(socket, findLink(socket, end).index, { up: true })
  const link = findLink(socket, 'a').index
  addAddress(socket, link, parseAddress('10.0.0.1'), 24)
  const close = () => {
    socket.close()
    deleteNamespace(name)
  }
  return { socket, link, run, close }
}

export function whyNoPlace(): string | undefined {
  try {
    makePlace().close()
    return undefined
  } catch (thrown) {
    return reasonOf(thrown)
  }
}

/** The octets of the nth prefix, a /24. */
function writePrefix(number: number, target: Uint8Array, at: number): void {
  target[at] = 20 + (number >>> 16)
  target[at + 1] = number >>> 8
  target[at + 2] = number
  target[at + 3] = 0
}

function countRoutes({ socket }: Place): number {
  let count = 0
  for (const page of routePages(socket, { family: 4, table: MAIN_TABLE, protocol: mark.protocol })) count += page.length
  return count
}

export const kernelRows: readonly Row[] = [
  {
    name: 'kernel-table',
    title: '100,000 routes wanted of a RouteTable, until the kernel has them',
    unit: 'route',
    count: routes,
    impossible: whyNoPlace,
    prepare() {
      const place = makePlace()
      const table = place.run(() => new RouteTable(mark))
      const nextHops = table.nextHops([gateway])
      const octets = new Uint8Array(4)
      return {
        run() {
          for (let number = 0; number < routes; number++) {
            writePrefix(number, octets, 0)
            table.want(4, octets, 0, 24, nextHops)
          }
          return table.settled()
        },
        check: () => countRoutes(place) === routes,
        async close() {
          await table.close()
          place.close()
        },
      }
    },
  },
  {
    name: 'kernel-raw',
    title: '100,000 routes in bare netlink batches of 128: what the kernel itself takes',
    unit: 'route',
    count: routes,
    impossible: whyNoPlace,
    prepare() {
      const place = makePlace()
      const { socket, link } = place
      const path = encodePath(4, { type: 'unicast', hops: [{ gateway, link, onlink: false, weight: 1 }] })
      return {
        run() {
          for (let number = 0; number < routes; number++) {
            writeRoute(socket.batch, 'add', mark, 24, (target, at) => writePrefix(number, target, at), path)
            if (socket.batch.count === BATCH_LIMIT || number === routes - 1) socket.transact()
          }
        },
        check: () => countRoutes(place) === routes,
        close: () => place.close(),
      }
    },
  },
]
