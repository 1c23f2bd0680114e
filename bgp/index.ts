/** The BGP engine, `import … from 'podpeer/bgp'`: runs with no kernel and no Kubernetes. */
export { renderDiagnostic } from './bfd/packet.ts'
export type { BfdSessionConfig, BfdTimers } from './bfd/session-config.ts'
export type { BfdChange, BfdCounters, BfdSessionStatus } from './bfd/session-status.ts'
export type { KeptMessage } from './black-box.ts'
export type { DrainPhase, DrainTerms } from './drain.ts'
export { type DigestType, digestMessage, digestTypeOf, type MessageDigest } from './message-digest.ts'
export type { MessageDirection, MessageTap, Passage, PassingPeer } from './passage.ts'
export type { PeerView } from './peer-view.ts'
export { PathPattern } from './rib/path-pattern.ts'
export type * from './rib/policy.ts'
export { ACCEPT, REJECT } from './rib/policy.ts'
export { type CommunityPattern, parseCommunityPattern } from './rib/policy-community.ts'
export type { KernelChange, NextHopChange, NextHopVerdict } from './rib/rib.ts'
export type * from './rib/view.ts'
export type { Negotiated } from './session/negotiation.ts'
export type { State } from './session/state.ts'
export type { SessionStatus } from './session/status.ts'
export {
  Speaker,
  type SpeakerObserver,
  type SpeakerWorld,
  silence,
} from './speaker.ts'
export type { PeerEnd, PeerRange, Restart, SpeakerConfig, SpeakerIdentity, SpeakerPeer } from './speaker-config.ts'
export type * from './transport.ts'
export type { RouteDigest, UpdateDigest } from './update-digest.ts'
