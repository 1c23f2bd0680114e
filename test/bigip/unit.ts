/**
 * One unit: its objects, who may ask, open transactions, the saved configuration, the world behind it; and which handler
 * answers a call. Knows no HTTP and no faults: `hand` of a BigIp and the server both come here.
 */
import { As3 } from './as3.ts'
import { Box, type Machine } from './box.ts'
import { runCommand } from './commands.ts'
import type { DeviceGroup } from './device-group.ts'
import type { BgpNeighborState, DeviceWorld } from './device-world.ts'
import { readDocument } from './documents.ts'
import type { Entry } from './kind.ts'
import { parseTarget } from './kinds.ts'
import { type Answer, bodyOf, ok, type Request } from './request.ts'
import { handleResource } from './resources.ts'
import { busy, RestError, unregistered } from './rest-error.ts'
import { hasTmosRouting } from './routing-mode.ts'
import { readStatistics } from './statistics.ts'
import type { Change, Snapshot } from './store.ts'
import { Tokens } from './tokens.ts'
import { type Command, Transactions } from './transactions.ts'
import { Uploads } from './uploads.ts'
import { WorldObjects } from './world-objects.ts'

export interface UnitParts {
  readonly machine: Machine
  readonly password: string
  readonly world: DeviceWorld | undefined
  readonly worldFault: (thrown: unknown) => void
}

export class Unit {
  readonly box: Box
  readonly tokens: Tokens
  readonly transactions: Transactions
  readonly uploads = new Uploads()
  readonly as3: As3
  group: DeviceGroup | undefined
  /** Whether ZebOS's daemons run. */
  routingDaemon = true
  readonly #parts: UnitParts
  readonly #worldObjects: WorldObjects
  #saved: { readonly tmsh: Snapshot; readonly ZebOS: Snapshot } = { tmsh: [], ZebOS: [] }

  constructor(parts: UnitParts) {
    const { machine, password } = parts
    this.#parts = parts
    this.box = new Box(machine)
    this.tokens = new Tokens({ username: machine.username, password, clock: machine.clock })
    this.#worldObjects = new WorldObjects(this.box)
    this.as3 = new As3(this.box)
    this.transactions = new Transactions({
      clock: machine.clock,
      run: command => void this.#runCommand(command),
      undo: () => this.box.store.undo(),
    })
  }

  /** @throws RestError, after which nothing has changed */
  async handle(request: Request): Promise<Answer> {
    const { method, path, transaction, body } = request
    if (path.startsWith('/tm/') && this.as3.isBusy) throw busy()
    if (transaction !== undefined && method !== 'GET' && path.startsWith('/tm/') && !path.startsWith('/tm/transaction'))
      return ok(this.transactions.queue(transaction, { method, path: path.slice('/tm'.length), body }))
    if (path.startsWith('/tm/transaction')) return this.change(() => this.#transaction(request))
    if (path.startsWith('/shared/authz/tokens')) return this.#token(request)
    if (path.startsWith('/shared/appsvcs')) return this.change(() => this.as3.handle(request))
    if (path.startsWith('/shared/file-transfer/uploads/')) return this.uploads.handle(request)
    const done = method === 'POST' ? await runCommand(this, request) : undefined
    if (done !== undefined) return done
    const read = method === 'GET' ? ((await readStatistics(this, path)) ?? readDocument(this, path)) : undefined
    if (read !== undefined) return ok(read)
    const target = path.startsWith('/tm/') ? parseTarget(path.slice('/tm'.length)) : undefined
    if (target === undefined || target.stats) throw unregistered(path)
    return this.change(() => handleResource(this.box, target, request))
  }

  /**
   * Does something to the objects, all of it or nothing, then tells the other unit and the world.
   * @param action does all its changes before it returns
   */
  async change<T>(action: () => T): Promise<T> {
    return this.#change(action, changes => this.group?.changed(this, changes))
  }

  /** Takes what a config sync brings. */
  async receive(action: () => void): Promise<void> {
    await this.#change(action, () => undefined)
  }

  async #change<T>(action: () => T, told: (changes: readonly Change[]) => Promise<void> | undefined): Promise<T> {
    let result: T
    try {
      result = action()
    } catch (thrown) {
      this.box.store.undo()
      throw thrown
    }
    const changes = this.box.store.takeChanges()
    if (changes.length === 0) return result
    await told(changes)
    if (this.#parts.world !== undefined) await this.#tell(this.#worldObjects.of(changes))
    return result
  }

  /** Tells the world what is different now that the unit became active, standby, or is up again. */
  async settleAll(): Promise<void> {
    this.box.store.takeChanges()
    if (this.#parts.world !== undefined) await this.#tell(this.#worldObjects.all())
  }

  /**
   * Keeps the configuration for the next start: that of tmsh, or that of ZebOS, which `write` of imish saves and nothing else.
   * In tmos mode ZebOS has none of its own.
   */
  save(part: 'tmsh' | 'ZebOS'): void {
    const isRouting = ({ kind }: Entry) => kind.collection.startsWith('/net/routing')
    const now = this.box.store.snapshot()
    if (hasTmosRouting(this.box)) {
      if (part === 'tmsh') this.#saved = { tmsh: now, ZebOS: [] }
    } else this.#saved = { ...this.#saved, [part]: now.filter(entry => isRouting(entry) === (part === 'ZebOS')) }
  }

  /** Back to what was saved, and nobody is logged in. */
  async reboot(): Promise<void> {
    this.forgetSessions()
    this.box.store.restore([...this.#saved.tmsh, ...this.#saved.ZebOS])
    await this.settleAll()
  }

  forgetSessions(): void {
    this.tokens.clear()
    this.transactions.clear()
  }

  /** As the BGP daemon sees them; without a world all are established as soon as they are configured. */
  async bgpNeighbors(routeDomain: number): Promise<readonly BgpNeighborState[] | undefined> {
    return this.#parts.world?.bgpNeighbors?.(routeDomain)
  }

  async #tell(changes: Parameters<DeviceWorld['apply']>[0]): Promise<void> {
    if (changes.length === 0) return
    try {
      await this.#parts.world?.apply(changes)
    } catch (thrown) {
      this.#parts.worldFault(thrown)
      throw new RestError(500, {
        code: 500,
        message: `the world behind the stand-in failed: ${thrown}`,
        errorStack: [],
      })
    }
  }

  #runCommand({ method, path, body }: Command): Answer {
    const target = parseTarget(path)
    if (target === undefined) throw unregistered(`/tm${path}`)
    return handleResource(this.box, target, { method, path: `/tm${path}`, body, query: new URLSearchParams() })
  }

  #transaction(request: Request): Answer {
    const { method, path, body } = request
    const [, , , id, part] = path.split('/')
    if (id === undefined || id === '') {
      if (method !== 'POST') throw unregistered(path)
      return ok(this.transactions.begin())
    }
    if (part === 'commands') return ok(this.transactions.commands(id))
    if (method === 'GET') return ok(this.transactions.get(id))
    if (method === 'PATCH' || method === 'PUT') return ok(this.transactions.commit(id, body))
    if (method !== 'DELETE') throw unregistered(path)
    this.transactions.remove(id)
    return ok()
  }

  #token(request: Request): Answer {
    const { method, path } = request
    const name = path.split('/')[4] ?? ''
    if (method === 'GET') return ok(name === '' ? { items: this.tokens.list() } : this.tokens.get(name))
    if (method === 'PATCH') return ok(this.tokens.extend(name, bodyOf(request)['timeout']))
    if (method === 'DELETE') return ok(this.tokens.remove(name))
    throw unregistered(path)
  }
}
