/**
 * Keeps the devices' addresses in the ConfigMap of an ip-masq-agent, where the object asks for it: the shell of
 * lib/bigip/masquerade. It reads before it writes, and writes with the version that it read.
 */
import { isDeepStrictEqual } from 'node:util'
import { WorldFault } from '../base/failure.ts'
import type { Finding } from '../bigip/finding.ts'
import { planMasquerade } from '../bigip/masquerade.ts'
import type { KubeWriter } from '../kube/writer.ts'

/** Milliseconds between two looks at a ConfigMap that others may change. */
const INTERVAL = 5 * 60_000

export class MasqueradeKeeper {
  readonly #writer: Pick<KubeWriter, 'get' | 'merge'>
  readonly #onFault: (fault: Error) => void
  #done: { readonly wish: unknown; readonly at: number } | undefined
  #working: Promise<void> = Promise.resolve()
  #findings: readonly Finding[] = []

  constructor(writer: Pick<KubeWriter, 'get' | 'merge'>, onFault: (fault: Error) => void) {
    this.#writer = writer
    this.#onFault = onFault
  }

  /** Of the last look. */
  get findings(): readonly Finding[] {
    return this.#findings
  }

  /** @param sources as `deviceSources` makes them  @param now milliseconds */
  want(
    configMap: { readonly namespace: string; readonly name: string },
    sources: readonly string[],
    now: number,
  ): void {
    const wish = { configMap, sources }
    if (isDeepStrictEqual(wish, this.#done?.wish) && now - this.#done!.at < INTERVAL) return
    this.#done = { wish, at: now }
    this.#working = this.#working.then(() => this.#look(configMap, sources))
  }

  close(): Promise<void> {
    return this.#working
  }

  async #look({ namespace, name }: { namespace: string; name: string }, sources: readonly string[]): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`
    try {
      const configMap = await this.#writer.get(path)
      if (configMap === undefined) {
        this.#findings = [absent(namespace, name)]
        return
      }
      const { patch, findings } = planMasquerade(configMap, sources)
      this.#findings = findings
      if (patch === undefined) return
      const { resourceVersion } = configMap.metadata
      await this.#writer.merge(path, { ...patch, metadata: { ...patch.metadata, resourceVersion } })
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      this.#done = undefined
      if (thrown.code !== 'KUBE_CONFLICT') this.#onFault(thrown)
    }
  }
}

function absent(namespace: string, name: string): Finding {
  return {
    code: 'masquerade-no-configmap',
    severity: 'warning',
    subject: `ConfigMap ${namespace}/${name}`,
    cause:
      'there is none, so that the agent masquerades by its built-in list; podpeer begins none, for it would replace that list',
    remedy: '`podpeer bigip masquerade` prints a complete one to apply',
  }
}
