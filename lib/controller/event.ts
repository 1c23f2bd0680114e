/**
 * What a controller tells its program of, by name; every value is one that the parts below it made. Listeners are called in the
 * midst of the work, and must not throw.
 */
import type { CallReport } from '../bigip/client.ts'
import type { DeviceEvent } from '../bigip/device.ts'

interface Place {
  /** Name of the BIGIP. */
  readonly bigIp: string
  readonly unit: string
}

type OfDevice<T extends DeviceEvent['type']> = Place & Omit<Extract<DeviceEvent, { readonly type: T }>, 'type'>

/** For `controller.on(NAME, listener)`. */
export interface ControllerEvents {
  /** All that a device holds was read. */
  readonly synced: [event: OfDevice<'synced'>]
  readonly planned: [event: OfDevice<'planned'>]
  /** `lag`: milliseconds from the change of the cluster that it follows from; absent for repairs. */
  readonly applied: [event: OfDevice<'applied'> & { readonly lag?: number }]
  /** One operation failed; the others go on. */
  readonly failed: [event: OfDevice<'failed'>]
  /** Somebody changed what is ours; it is put right. */
  readonly drift: [event: OfDevice<'drift'>]
  /** Too many deletions: nothing is deleted until somebody allows them. */
  readonly refused: [event: OfDevice<'refused'>]
  readonly findings: [event: OfDevice<'findings'>]
  /** A device does not answer as it should. */
  readonly fault: [event: OfDevice<'fault'>]
  readonly saved: [event: OfDevice<'saved'>]
  /** An exchange with a device, for metrics. */
  readonly call: [event: Place & CallReport]
  /** Whether this one writes, at each change. */
  readonly leading: [leading: boolean]
  /** The cluster, or an object of it, is not as it should be: a sentence. */
  readonly trouble: [event: { readonly about: string; readonly reason: string }]
  /** A pass over all BIGIPs has told the devices what is wanted. */
  readonly passed: [event: { readonly milliseconds: number }]
}
