/** Asks the controller behind a socket for its documents. Fails as SocketAsker does. */
import { SocketAsker } from '../control/socket-asker.ts'
import type {
  ControllerStatus,
  DoctorDocument,
  JourneysDocument,
  PlanDocument,
  VtepValuesDocument,
} from './document.ts'

/** Absent: all of them. */
export interface UnitSelection {
  readonly bigip?: string
  readonly unit?: string
}

/** Milliseconds: whole devices are read, and perhaps written, before there is an answer. */
const PATIENCE = 10 * 60_000

export class ControllerClient {
  readonly #asker: SocketAsker

  constructor(socket: string) {
    this.#asker = new SocketAsker(socket, 'controller', PATIENCE)
  }

  status(): Promise<ControllerStatus> {
    return this.#asker.ask('GET', '/v1/status')
  }

  plan(selection: UnitSelection): Promise<PlanDocument> {
    return this.#asker.ask('GET', `/v1/plan${queryOf(selection)}`)
  }

  /** @param selection `allow`: the token of a refusal, or how many deletions are allowed */
  apply(selection: UnitSelection & { readonly allow?: string }): Promise<PlanDocument> {
    return this.#asker.ask('POST', `/v1/apply${queryOf(selection)}`)
  }

  doctor(selection: UnitSelection): Promise<DoctorDocument> {
    return this.#asker.ask('GET', `/v1/doctor${queryOf(selection)}`)
  }

  /** @param selection `pod`: its address */
  journeys(selection: UnitSelection & { readonly pod: string }): Promise<JourneysDocument> {
    return this.#asker.ask('GET', `/v1/journeys${queryOf(selection)}`)
  }

  vtepValues(selection: Pick<UnitSelection, 'bigip'>): Promise<VtepValuesDocument> {
    return this.#asker.ask('GET', `/v1/vtep-values${queryOf(selection)}`)
  }
}

function queryOf(selection: object): string {
  const query = new URLSearchParams(Object.entries(selection).filter(([, value]) => value !== undefined))
  return query.size === 0 ? '' : `?${query}`
}
