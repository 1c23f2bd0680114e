/** Asks the controller behind a socket. Every way in which it can fail is a WorldFault or an InputFault with a sentence. */
import type { ControllerStatus, DoctorDocument, PlanDocument, VtepValuesDocument } from './document.ts'

/** Absent: all of them. */
export interface UnitSelection {
  readonly bigip?: string
  readonly unit?: string
}

export class ControllerClient {
  readonly #socket: string

  constructor(socket: string) {
    this.#socket = socket
  }

  status(): Promise<ControllerStatus> {
    throw new Error(`not yet: ${this.#socket}`)
  }

  plan(_selection: UnitSelection): Promise<PlanDocument> {
    throw new Error('not yet')
  }

  /** @param selection `allow`: the token of a refusal, or how many deletions are allowed */
  apply(_selection: UnitSelection & { readonly allow?: string }): Promise<PlanDocument> {
    throw new Error('not yet')
  }

  doctor(_selection: UnitSelection): Promise<DoctorDocument> {
    throw new Error('not yet')
  }

  vtepValues(_selection: Pick<UnitSelection, 'bigip'>): Promise<VtepValuesDocument> {
    throw new Error('not yet')
  }
}
