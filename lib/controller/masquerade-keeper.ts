/**
 * Keeps the devices' addresses of one BIGIP in the ConfigMap of an ip-masq-agent, where the object asks for it: the shell of
 * lib/bigip/masquerade. It reads before it writes, and writes with the version that it read.
 */
import { isDeepStrictEqual } from 'node:util'
import { WorldFault } from '../base/failure.ts'
import type { Finding } from '../bigip/finding.ts'
import { planMasquerade, renderMasqueradeConfigMap } from '../bigip/masquerade.ts'
import type { ClusterNetwork } from '../cni/network.ts'
import type { KubeWriter } from '../kube/writer.ts'

/** Milliseconds between two looks at a ConfigMap that others may change. */
const INTERVAL = 5 * 60_000

export interface ConfigMapName {
  readonly namespace: string
  readonly name: string
}

export interface MasqueradeWish {
  readonly configMap: ConfigMapName
  /** As `deviceSources` makes them; `[]` takes back what was added. */
  readonly sources: readonly string[]
  /** For the list that a person is shown where there is none. */
  readonly cluster: Pick<ClusterNetwork, 'clusterCIDRs' | 'cni'>
}

export class MasqueradeKeeper {
  readonly #bigIp: string
  readonly #writer: Pick<KubeWriter, 'get' | 'merge'>
  readonly #onFault: (fault: Error) => void
  #last: { readonly wish: MasqueradeWish; readonly at: number } | undefined
  #working: Promise<void> = Promise.resolve()
  #looks = 0
  /** Something of ours may be in a list. */
  #held = false
  #findings: readonly Finding[] = []

  /** @param bigIp name of the BIGIP that asks for it */
  constructor(bigIp: string, writer: Pick<KubeWriter, 'get' | 'merge'>, onFault: (fault: Error) => void) {
    this.#bigIp = bigIp
    this.#writer = writer
    this.#onFault = onFault
  }

  /** Of the last look. */
  get findings(): readonly Finding[] {
    return this.#findings
  }

  /** Nothing of ours is in a list any more, as far as this one knows. */
  get clean(): boolean {
    return this.#looks === 0 && !this.#held
  }

  /** @param now milliseconds */
  want(wish: MasqueradeWish, now: number): void {
    const last = this.#last
    if (last !== undefined && isDeepStrictEqual(wish, last.wish) && now - last.at < INTERVAL) return
    if (last !== undefined && !isDeepStrictEqual(wish.configMap, last.wish.configMap))
      this.#ask({ ...last.wish, sources: [] })
    this.#last = { wish, at: now }
    this.#ask(wish)
  }

  /** The object asks for it no more: what was added is taken back. */
  release(now: number): void {
    if (this.#last !== undefined) this.want({ ...this.#last.wish, sources: [] }, now)
  }

  close(): Promise<void> {
    return this.#working
  }

  #ask(wish: MasqueradeWish): void {
    this.#looks++
    this.#working = this.#working
      .then(() => this.#look(wish))
      .finally(() => {
        this.#looks--
      })
  }

  async #look({ configMap: { namespace, name }, sources, cluster }: MasqueradeWish): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`
    this.#held = true
    try {
      const configMap = await this.#writer.get(path)
      const { patch, findings } =
        configMap === undefined
          ? { findings: sources.length === 0 ? [] : [absent({ namespace, name }, sources, cluster)] }
          : planMasquerade(configMap, this.#bigIp, sources)
      this.#findings = findings
      if (configMap !== undefined && patch !== undefined) {
        const { resourceVersion } = configMap.metadata
        await this.#writer.merge(path, { ...patch, metadata: { ...patch.metadata, resourceVersion } })
      }
      this.#held = configMap !== undefined && sources.length > 0
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      // at the next occasion once more
      if (this.#last !== undefined) this.#last = { ...this.#last, at: Number.NEGATIVE_INFINITY }
      if (thrown.code !== 'KUBE_CONFLICT') this.#onFault(thrown)
    }
  }
}

function absent(where: ConfigMapName, sources: readonly string[], cluster: MasqueradeWish['cluster']): Finding {
  return {
    code: 'masquerade-no-configmap',
    severity: 'warning',
    subject: `ConfigMap ${where.namespace}/${where.name}`,
    cause:
      'there is none, so that the agent masquerades by its built-in list; podpeer begins none, for it would replace that list',
    remedy: `kubectl apply -f - <<'EOF'\n${renderMasqueradeConfigMap(where, { sources, ...cluster })}EOF`,
  }
}
