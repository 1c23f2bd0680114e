/** The router of the ZebOS family of test/bgp/zebos on real sockets, in a namespace of its own but in this process. */
import { systemClock } from '../../bgp/io/clock.ts'
import { tcpTransport } from '../../bgp/io/transport.ts'
import type { Transport } from '../../bgp/transport.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { inNamespace } from '../../lib/linux/namespace.ts'
import { ZebosPeer } from '../bgp/zebos/peer.ts'
import type { RouterDaemon, RouterSession, RouterSpec } from '../lab/router.ts'

/** Its configuration, as JSON. */
export interface ZebosConfig {
  readonly address: string
  readonly asNumber: number
  readonly router: string
  /** In two octets. */
  readonly routerAs: number
  readonly networks: readonly string[]
  /** Seconds. */
  readonly advertisementInterval: number
  readonly connectRetryTime: number
}

export class ZebosRouter implements RouterDaemon {
  readonly peer: ZebosPeer
  readonly #router: string

  constructor({ namespace, config }: RouterSpec) {
    const { address, router, networks, ...rest } = JSON.parse(config) as ZebosConfig
    const options = { ...rest, address: parseAddress(address), router: parseAddress(router) }
    this.#router = router
    this.peer = new ZebosPeer(options, within(namespace), systemClock)
    for (const network of networks) this.peer.announce(network)
  }

  async start(): Promise<void> {
    this.peer.start()
  }

  async configure(): Promise<void> {
    throw new Error('it is told of changes by its methods')
  }

  async stop(): Promise<void> {
    this.peer.die()
  }

  async kill9(): Promise<void> {
    this.peer.die()
  }

  async sessions(): Promise<readonly RouterSession[]> {
    const { state } = this.peer
    return [{ peer: this.#router, state: state === 'established' ? 'Established' : state }]
  }
}

/** Sockets belong to the namespace in which they are made. */
function within(namespace: string): Transport {
  return {
    dial: options => inNamespace(namespace, () => tcpTransport.dial(options)),
    listen: (options, accept) => inNamespace(namespace, () => tcpTransport.listen(options, accept)),
    attachment: (local, link) => inNamespace(namespace, () => tcpTransport.attachment(local, link)),
  }
}
