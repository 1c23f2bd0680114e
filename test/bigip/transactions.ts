/**
 * Transactions: calls that are queued and done together, or not at all. Knows how to run a command only through its maker.
 */
import { isObject, type Json, type JsonObject } from '../kube/json.ts'
import * as refusal from './rest-error.ts'

export interface Command {
  readonly method: string
  /** Below `/mgmt/tm`. */
  readonly path: string
  readonly body: Json | undefined
}

interface Transaction {
  readonly id: number
  readonly started: number
  readonly commands: Command[]
}

/** Seconds that one is open. */
const TIMEOUT = 120
/** The first id; devices count microseconds. */
const FIRST_ID = 1_389_812_351

export interface TransactionParts {
  readonly clock: () => number
  /** Runs a command on the store. @throws RestError */
  readonly run: (command: Command) => void
  /** Takes back what the commands of this transaction did. */
  readonly undo: () => void
}

export class Transactions {
  readonly #parts: TransactionParts
  readonly #open = new Map<number, Transaction>()
  #next = FIRST_ID

  constructor(parts: TransactionParts) {
    this.#parts = parts
  }

  /** Forgets all, as a restart does. */
  clear(): void {
    this.#open.clear()
  }

  begin(): JsonObject {
    const id = this.#next++
    const transaction: Transaction = { id, started: this.#parts.clock(), commands: [] }
    this.#open.set(id, transaction)
    return render(id)
  }

  /** @throws RestError where there is none, or its time is over */
  queue(id: string, command: Command): JsonObject {
    const { commands } = this.#find(id)
    commands.push(command)
    const { method, path, body } = command
    return {
      method,
      uri: `https://localhost/mgmt/tm${path}`,
      body: body ?? {},
      evalOrder: commands.length,
      commandId: commands.length,
      kind: 'tm:transaction:commandsstate',
      selfLink: `https://localhost/mgmt/tm/transaction/${id}/commands/${commands.length}`,
    }
  }

  get(id: string): JsonObject {
    return render(this.#find(id).id)
  }

  commands(id: string): JsonObject {
    const { commands } = this.#find(id)
    const items = commands.map(({ method, path, body }, at) => ({
      ...{ method, uri: `https://localhost/mgmt/tm${path}`, body: body ?? {} },
      ...{ commandId: at + 1, evalOrder: at + 1 },
    }))
    return { kind: 'tm:transaction:commandscollectionstate', ...(items.length === 0 ? {} : { items }) }
  }

  remove(id: string): void {
    this.#open.delete(this.#find(id).id)
  }

  /** Does all in order; after the first that is refused nothing has happened. @throws RestError */
  commit(id: string, body: Json | undefined): JsonObject {
    const transaction = this.#find(id)
    const { state, validateOnly = false } = isObject(body) ? body : {}
    if (state !== 'VALIDATING') throw refusal.invalidValue('state', state ?? '')
    this.#open.delete(transaction.id)
    try {
      for (const command of transaction.commands) this.#parts.run(command)
    } catch (thrown) {
      this.#parts.undo()
      if (!(thrown instanceof refusal.RestError)) throw thrown
      throw refusal.transactionFailed(thrown.status, thrown.message)
    }
    if (validateOnly === true) {
      this.#parts.undo()
      this.#open.set(transaction.id, transaction)
      return render(transaction.id, { validateOnly: true })
    }
    return render(transaction.id, { state: 'COMPLETED' })
  }

  #find(id: string): Transaction {
    const transaction = this.#open.get(Number(id))
    if (transaction === undefined) throw refusal.noTransaction()
    if (this.#parts.clock() < transaction.started + TIMEOUT * 1000) return transaction
    this.#open.delete(transaction.id)
    throw refusal.noTransaction()
  }
}

function render(id: number, { state = 'STARTED', validateOnly = false } = {}): JsonObject {
  return {
    transId: id,
    state,
    timeoutSeconds: TIMEOUT,
    asyncExecution: false,
    validateOnly,
    executionTimeout: 300,
    executionTime: 0,
    failureReason: '',
    kind: 'tm:transactionstate',
    selfLink: `https://localhost/mgmt/tm/transaction/${id}`,
  }
}
