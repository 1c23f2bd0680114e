/** The document of the control API about the way of packets to a pod and from it; the manner is that of document.ts. */
import type { Journey } from '../../lib/base/journey.ts'

/** `GET /v1/journeys?pod=ADDRESS` */
export interface NodeJourneys {
  /** Of this agent. */
  readonly node: string
  readonly pod: string
  /** `here`: a pod of this node; `elsewhere`: packets to it leave the node; `nowhere`: it would be here, and they are dropped. */
  readonly place: 'here' | 'elsewhere' | 'nowhere'
  /** Where packets to it go, if it is not here. */
  readonly reason?: string
  /** With each BIG-IP that is known, on this node. */
  readonly journeys: readonly Journey[]
}
