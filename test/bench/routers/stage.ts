/** The network of a comparison: the router's namespace and that of the peers, with a link for those who speak and one for those who listen. */
import { chmodSync, closeSync, openSync } from 'node:fs'
import { parseAddress } from '../../../lib/base/ip.ts'
import { CLONE_NEWNET, setNamespace } from '../../../lib/linux/libc.ts'
import { inNamespace } from '../../../lib/linux/namespace.ts'
import { findLink } from '../../../lib/linux/netlink/link.ts'
import { writeNeighbor } from '../../../lib/linux/netlink/neighbor.ts'
import { NetlinkSocket } from '../../../lib/linux/netlink/socket.ts'
import { makeFolder, removeLab, sweepLeftovers } from '../../lab/leftovers.ts'
import { buildNetwork, spaceOf } from '../../lab/network.ts'
import type { Place } from './router.ts'
import type { Workload } from './workload.ts'

const PROTOCOL_STATIC = 4

export interface Stage extends Place {
  close(): void
}

/** Builds it and moves this thread for good to where the peers are. */
export function buildStage({ peers }: Workload): Stage {
  sweepLeftovers()
  const folder = makeFolder()
  chmodSync(folder, 0o777) // FRR's daemons are another account
  const onLink = (router: string) => peers.filter(peer => peer.router === router).map(peer => `${peer.address}/16`)
  const end = (place: string, device: string, addresses: readonly string[]) => ({
    place,
    device,
    addresses,
    routes: [],
  })
  buildNetwork({
    places: ['router', 'peers'].map(name => ({ name, forwards: false, loopback: [] })),
    cables: [
      {
        ends: [
          end('router', 'feed', ['10.1.0.1/16', 'fd01::1/64']),
          end('peers', 'feed', [...onLink('10.1.0.1'), 'fd01::2/64']),
        ],
      },
      {
        ends: [
          end('router', 'sink', ['10.2.0.1/16', 'fd02::1/64']),
          end('peers', 'sink', [...onLink('10.2.0.1'), 'fd02::2/64']),
        ],
      },
    ],
  })
  introduce(peers.map(({ address }) => address))
  const here = openSync(spaceOf('peers'), 'r')
  setNamespace(here, CLONE_NEWNET)
  closeSync(here)
  return { namespace: spaceOf('router'), folder, close: () => removeLab() }
}

/** A thousand neighbours are more than the kernel cares to find out: the router is told where its peers are. */
function introduce(addresses: readonly string[]): void {
  const mac = inNamespace(spaceOf('peers'), () => withNetlink(socket => findLink(socket, 'feed').mac))
  inNamespace(spaceOf('router'), () =>
    withNetlink(socket => {
      const link = findLink(socket, 'feed').index
      for (const text of addresses.filter(one => one.startsWith('10.1.'))) {
        const address = parseAddress(text)
        socket.change(`telling where ${text} is`, message =>
          writeNeighbor(message, 'replace', { kind: 'neighbor', link, address, mac, protocol: PROTOCOL_STATIC }),
        )
      }
    }),
  )
}

function withNetlink<Result>(use: (socket: NetlinkSocket) => Result): Result {
  const socket = new NetlinkSocket()
  try {
    return use(socket)
  } finally {
    socket.close()
  }
}
