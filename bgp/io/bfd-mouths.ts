/**
 * The sockets through which BFD sessions send: one for each, from a port that no other session has and that stays the same
 * (RFC 5881 §4). One is opened with the first packet and anew whenever sending fails, for the address or the way may be
 * another by then.
 */
import { writeSync } from 'node:fs'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { closeDescriptor, socketName } from '../../lib/linux/libc.ts'
import { findLink } from '../../lib/linux/netlink/link.ts'
import { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import { decodeSocketAddress } from '../../lib/linux/socket-address.ts'
import { setTrafficClass } from '../../lib/linux/tcp.ts'
import { openUdpSender } from '../../lib/linux/udp.ts'
import { type BfdSessionConfig, FULL_TTL, MULTIHOP_PORT, SINGLE_HOP_PORT } from '../bfd/session-config.ts'

/** CS6, network control (RFC 4594 §3.2): a congested queue must not look like a dead peer. */
const NETWORK_CONTROL = 0xc0
/** RFC 5881 §4. */
const PORTS = { first: 49152, last: 65535 }

interface Mouth {
  fd: number | undefined
  port: number
  error: string | undefined
}

export class BfdMouths {
  /** By our discriminator. */
  readonly #mouths = new Map<number, Mouth>()
  readonly #usedPorts = new Set<number>()
  #lastPort = PORTS.first + Math.floor(Math.random() * (PORTS.last - PORTS.first))

  /** @returns whether `errorOf` has something else to say */
  send(discriminator: number, config: BfdSessionConfig, bytes: Uint8Array): boolean {
    let mouth = this.#mouths.get(discriminator)
    if (mouth === undefined) {
      mouth = { fd: undefined, port: this.#newPort(), error: undefined }
      this.#mouths.set(discriminator, mouth)
    }
    const before = mouth.error
    // a first failure may be late news of an earlier packet (ICMP), or of an address that has gone
    if (this.#try(mouth, config, bytes) !== undefined) mouth.error = this.#try(mouth, config, bytes)
    else mouth.error = undefined
    return mouth.error !== before
  }

  /** Why the last packet could not be sent. */
  errorOf(discriminator: number): string | undefined {
    return this.#mouths.get(discriminator)?.error
  }

  end(discriminator: number): void {
    const mouth = this.#mouths.get(discriminator)
    if (mouth === undefined) return
    shut(mouth)
    this.#usedPorts.delete(mouth.port)
    this.#mouths.delete(discriminator)
  }

  close(): void {
    for (const discriminator of [...this.#mouths.keys()]) this.end(discriminator)
  }

  #try(mouth: Mouth, config: BfdSessionConfig, bytes: Uint8Array): string | undefined {
    try {
      mouth.fd ??= open(config, mouth.port)
      writeSync(mouth.fd, bytes)
      return undefined
    } catch (thrown) {
      shut(mouth)
      if (thrown instanceof WorldFault && thrown.code === 'EADDRINUSE') this.#moveOn(mouth)
      return reasonOf(thrown)
    }
  }

  /** Another program has its port. */
  #moveOn(mouth: Mouth): void {
    const taken = mouth.port
    mouth.port = this.#newPort()
    this.#usedPorts.delete(taken)
  }

  #newPort(): number {
    do this.#lastPort = this.#lastPort === PORTS.last ? PORTS.first : this.#lastPort + 1
    while (this.#usedPorts.has(this.#lastPort))
    this.#usedPorts.add(this.#lastPort)
    return this.#lastPort
  }
}

function open({ remote, local, multihop, interface: link }: BfdSessionConfig, port: number): number {
  const scope = link !== undefined && remote.isLinkLocal ? { scope: numberOf(link) } : {}
  const fd = openUdpSender({
    local: { ...(local && { address: local }), port, ...scope },
    remote: { address: remote, port: multihop === undefined ? SINGLE_HOP_PORT : MULTIHOP_PORT, ...scope },
    ttl: FULL_TTL,
  })
  try {
    setTrafficClass(fd, remote.family, NETWORK_CONTROL)
    // while our own link-local address is tentative the kernel takes another one, which the peer would not know
    if (remote.isLinkLocal && !decodeSocketAddress(socketName(fd)).address.isLinkLocal)
      throw new WorldFault('EADDRNOTAVAIL', `no link-local address of ours is ready on ${link}`, { retry: true })
    return fd
  } catch (thrown) {
    closeDescriptor(fd)
    throw thrown
  }
}

/** @throws WorldFault */
function numberOf(link: string): number {
  const socket = new NetlinkSocket()
  try {
    return findLink(socket, link).index
  } finally {
    socket.close()
  }
}

function shut(mouth: Mouth): void {
  if (mouth.fd !== undefined) closeDescriptor(mouth.fd)
  mouth.fd = undefined
}
