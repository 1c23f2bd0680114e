/** Makes and removes VXLAN devices, in the network namespace of the calling thread. Which, others decide. */
import { WorldFault } from '../../base/failure.ts'
import { createLink, deleteLink, findLink, type Link, type LinkSpec, setLink } from '../netlink/link.ts'
import { NetlinkSocket } from '../netlink/socket.ts'

/**
 * Up when it returns; one that has the name is left as it is.
 * @param remove goes before
 * @throws WorldFault EADDRINUSE: its UDP port is held by a process
 */
export function makeTunnel(spec: LinkSpec & { readonly kind: 'vxlan' }, remove?: Link): void {
  withSocket(socket => {
    if (remove !== undefined) deleteLink(socket, remove.index)
    try {
      createLink(socket, spec)
    } catch (thrown) {
      if (thrown instanceof WorldFault && thrown.code === 'EEXIST') return
      throw thrown
    }
    const { index } = findLink(socket, spec.name)
    try {
      setLink(socket, index, { up: true })
    } catch (thrown) {
      deleteLink(socket, index)
      throw thrown
    }
  })
}

/** Has it up, and of that MTU. @throws WorldFault */
export function mendTunnel({ index }: Link, mtu: number): void {
  withSocket(socket => setLink(socket, index, { up: true, mtu }))
}

/** @throws WorldFault */
export function removeTunnel({ index }: Link): void {
  withSocket(socket => deleteLink(socket, index))
}

function withSocket(work: (socket: NetlinkSocket) => void): void {
  const socket = new NetlinkSocket()
  try {
    work(socket)
  } finally {
    socket.close()
  }
}
