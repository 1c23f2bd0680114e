/**
 * AS3, as far as it gets in the way of others: declarations are judged and answered as AS3 does, run for a while in which the
 * device is busy, make partitions, and set their default route domains. They make nothing else.
 */
import { randomUUID } from 'node:crypto'
import { isObject, type Json, type JsonObject } from '../kube/json.ts'
import type { Box } from './box.ts'
import { targetOf } from './kinds.ts'
import { type Answer, ok, type Request } from './request.ts'
import { RestError, unregistered } from './rest-error.ts'
import { create, modify } from './verbs.ts'

const PATH = '/shared/appsvcs'

interface Task {
  readonly results: readonly JsonObject[]
  readonly done: number
}

export class As3 {
  /** Milliseconds that a declaration keeps the device busy: all other calls get 503 then. */
  duration = 0
  readonly #box: Box
  readonly #tasks = new Map<string, Task>()
  #busyUntil = 0

  constructor(box: Box) {
    this.#box = box
  }

  get isBusy(): boolean {
    return this.#box.machine.clock() < this.#busyUntil
  }

  /** @throws RestError */
  handle({ method, path, query, body }: Request): Answer {
    if (method === 'GET' && path === `${PATH}/info`)
      return ok({ version: '3.50.1', release: '5', schemaCurrent: '3.50.0' })
    if (method === 'GET' && path.startsWith(`${PATH}/task/`)) return ok(this.#task(path.split('/').at(-1)!))
    if (method !== 'POST' || !path.startsWith(`${PATH}/declare`)) throw unregistered(path)
    if (this.isBusy) throw refused(503, 'Configuration operation in progress on device, please try again in 2 minutes.')
    const results = this.#declare(body)
    this.#busyUntil = this.#box.machine.clock() + this.duration
    if (query.get('async') !== 'true') return answerOf(results)
    const id = randomUUID()
    this.#tasks.set(id, { results, done: this.#busyUntil })
    const submitted = { message: 'Declaration successfully submitted', tenant: '', host: '', runTime: 0, code: 0 }
    return {
      status: 202,
      body: { id, results: [submitted], declaration: {}, selfLink: `https://localhost/mgmt${PATH}/task/${id}` },
    }
  }

  #declare(body: Json | undefined): JsonObject[] {
    const adc = isObject(body) && body['class'] === 'AS3' ? body['declaration'] : body
    if (!isObject(adc) || adc['class'] !== 'ADC')
      throw refused(422, 'declaration is invalid', { errors: ["/class: should be equal to constant 'ADC'"] })
    return Object.entries(adc).flatMap(([tenant, value]): JsonObject[] => {
      if (!isObject(value)) return []
      const result = { host: 'localhost', tenant, runTime: 500 }
      if (value['class'] !== 'Tenant')
        return [{ ...result, code: 422, message: 'declaration failed', response: 'no class Tenant' }]
      this.#reset(tenant, Number(value['defaultRouteDomain'] ?? 0))
      return [{ ...result, code: 200, message: 'success', lineCount: 20 }]
    })
  }

  /** Each declaration sets it anew, to 0 where it says nothing. */
  #reset(tenant: string, defaultRouteDomain: number): void {
    const there = this.#box.store.get('/auth/partition', tenant) !== undefined
    if (!there) create(this.#box, targetOf('/auth/partition'), { name: tenant, defaultRouteDomain })
    else modify(this.#box, targetOf('/auth/partition', tenant), { defaultRouteDomain }, false)
  }

  #task(id: string): JsonObject {
    const task = this.#tasks.get(id)
    if (task === undefined) throw refused(404, `task ${id} does not exist`)
    const running = { message: 'in progress', tenant: '', host: '', runTime: 0, code: 0 }
    const results = this.#box.machine.clock() < task.done ? [running] : [...task.results]
    return { id, results, declaration: {} }
  }
}

function answerOf(results: readonly JsonObject[]): Answer {
  const codes = new Set(results.map(({ code }) => Number(code)))
  const status = codes.size > 1 ? 207 : ([...codes][0] ?? 200)
  return { status, body: { results: [...results], declaration: {} } }
}

function refused(code: number, message: string, more: JsonObject = {}): RestError {
  return new RestError(code, { code, message, ...more })
}
