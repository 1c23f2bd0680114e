/**
 * A case of the comparison: what it plays against a server, and the transcript that comes of it. Cases look at answers only
 * to go on (a version to send back, a token to continue with); judging is for whoever compares the transcripts.
 */
import { until } from '../../until.ts'
import { type Answer, Asker, type OpenWatch, type Question, type Server } from './asker.ts'
import { Normal } from './normal.ts'

export interface Case {
  /** What is looked at; names the case in the README, in recordings and in the test's output. */
  readonly name: string
  /** The lowest server minor that can do this; 20 where absent. */
  readonly since?: number
  /** Whether managedFields are compared. */
  readonly managedFields?: boolean
  readonly play: (scene: Scene) => Promise<void>
}

/** What was asked, and what was answered less all that is volatile. */
export interface Entry {
  readonly asked: string
  readonly answer: unknown
}

export interface Extra extends Partial<Question> {
  /** What of the body is compared, where the rest is too much or no concern of the case. */
  // biome-ignore lint/suspicious/noExplicitAny: bodies are whatever the server says
  readonly pick?: (body: any) => unknown
}

export const MERGE = 'application/merge-patch+json'
export const STRATEGIC = 'application/strategic-merge-patch+json'
export const JSON_PATCH = 'application/json-patch+json'
export const APPLY = 'application/apply-patch+yaml'
export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'

export class Scene {
  /** A namespace of the case's own; it is there. */
  readonly namespace: string
  readonly entries: Entry[] = []
  readonly #server: Server
  readonly #asker: Asker
  readonly #normal: Normal
  readonly #watches: OpenWatch[] = []

  private constructor(server: Server, asker: Asker, { name, managedFields = false }: Case) {
    this.#server = server
    this.#asker = asker
    this.#normal = new Normal(managedFields)
    this.namespace = slug(name)
  }

  static async play(server: Server, played: Case): Promise<readonly Entry[]> {
    const asker = new Asker(server)
    const scene = new Scene(server, asker, played)
    try {
      await scene.quietly('DELETE', '/api/v1/nodes')
      await scene.quietly('POST', '/api/v1/namespaces', { metadata: { name: scene.namespace } })
      await played.play(scene)
      return scene.entries
    } finally {
      for (const watch of scene.#watches) watch.close()
      asker.close()
    }
  }

  /** The path of a collection, or of an object, in the case's namespace. */
  path(plural: string, group = 'api/v1'): string {
    return `/${group}/namespaces/${this.namespace}/${plural}`
  }

  /** The server forgets all history up to now: the next watch or page from before is too old. */
  async forget(): Promise<void> {
    await this.#server.forget()
  }

  /** Asks, and compares the answer. */
  async ask(method: string, path: string, body?: unknown, { pick, ...extra }: Extra = {}): Promise<Answer> {
    const answer = await this.#asker.ask({ method, path, body, ...extra })
    const seen = pick === undefined ? answer : { ...answer, body: pick(answer.body) }
    this.entries.push({
      asked: `${method} ${path.replace(/(?<=(continue|resourceVersion)=)[^&]+/g, '…')}`,
      answer: plain(this.#normal.answer(seen)),
    })
    return answer
  }

  get(path: string, extra?: Extra): Promise<Answer> {
    return this.ask('GET', path, undefined, extra)
  }

  patch(path: string, type: string, body: unknown, extra: Extra = {}): Promise<Answer> {
    return this.ask('PATCH', path, body, { type, ...extra })
  }

  /** Asks only to set the scene. */
  quietly(method: string, path: string, body?: unknown, extra: Partial<Question> = {}): Promise<Answer> {
    return this.#asker.ask({ method, path, body, ...extra })
  }

  /** Opens a watch; `told` compares what it has told. */
  async watch(path: string, extra: Partial<Question> = {}): Promise<OpenWatch> {
    const watch = await this.#asker.watch({ path, ...extra })
    this.#watches.push(watch)
    return watch
  }

  /** Waits for that many events, or for the end of the watch, and compares them all. */
  async told(watch: OpenWatch, count: number | 'end'): Promise<void> {
    await until(`a watch tells ${count}`, () => watch.ended || (count !== 'end' && watch.events.length >= count))
    const answer = { code: watch.code, ended: watch.ended, events: this.#normal.value(watch.events) }
    this.entries.push({ asked: 'the watch told', answer: plain(answer) })
  }
}

function slug(name: string): string {
  const words = name.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return words.slice(0, 40).replace(/^-|-$/g, '')
}

/** As it comes back from a recording: without what is undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
