/**
 * All commands or none: iControl REST collects them under the id of a transaction and applies them when it is told to validate.
 * Knows no turns and no tokens. Rule: before that word nothing is applied, so every fault until then says so.
 */
import type { JsonObject, Send } from './exchange.ts'
import { DeviceFault, faultOfAnswer, nonsenseOf } from './fault.ts'

export interface Command {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: JsonObject
}

/** Commands. A device gives a transaction 120 s (30 s in old releases), and each command in it costs 70 to 80 ms. */
export const LONGEST_TRANSACTION = 200

const TRANSACTION = '/mgmt/tm/transaction'

/** @throws DeviceFault; its `applied` is `unknown` only where the answer to the last word was lost */
export async function commit(send: Send, commands: readonly Command[]): Promise<void> {
  const { transId } = await send({ method: 'POST', path: TRANSACTION, body: {} })
  if (typeof transId !== 'number' && typeof transId !== 'string') throw nonsenseOf(`POST ${TRANSACTION}`, 'no transId')
  const path = `${TRANSACTION}/${transId}`
  const headers = { 'x-f5-rest-coordination-id': String(transId) }
  try {
    for (const command of commands) await send({ ...command, headers })
  } catch (thrown) {
    await send({ method: 'DELETE', path }).catch(() => undefined)
    throw thrown instanceof DeviceFault ? thrown.retold({ applied: 'no' }) : thrown
  }
  const { state, failureReason } = await send({ method: 'PATCH', path, body: { state: 'VALIDATING' } })
  if (state === 'COMPLETED') return
  if (state === 'FAILED') throw faultOfAnswer(`PATCH ${path}`, 400, { message: failureReason })
  throw nonsenseOf(`PATCH ${path}`, `state ${JSON.stringify(state)}`)
}
