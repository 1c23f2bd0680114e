/** Rows over iControl REST. Knows which call each operation is; what is to be done is decided elsewhere. */
import type { Access } from './access.ts'
import type { BigIpClient, Command, JsonObject } from './client.ts'
import { type Codecs, codecsOf } from './codec.ts'
import { isDeviceFault } from './fault.ts'
import type { Operation } from './operation.ts'
import { type ListQuery, objectPath, renderQuery } from './path.ts'
import type { RouteDomains } from './route-domains.ts'
import { type Kind, type Row, type RowName, rowKey } from './row.ts'
import type { Body, RowCodec } from './row-codec.ts'
import { FDB_TUNNELS } from './tunnel-codec.ts'

const ROOT = '/mgmt/tm'

export class RestAccess implements Access {
  readonly #client: BigIpClient
  readonly #codecs: Codecs
  /** Names that the device writes in another way than their normal form. */
  readonly #spellings = new Map<string, string>()

  constructor(client: BigIpClient, domains: RouteDomains) {
    this.#client = client
    this.#codecs = codecsOf(domains)
  }

  async read(kind: Kind, parent?: string): Promise<Row[]> {
    const codec = this.#codec(kind)
    const items = await this.#client.list(`${ROOT}/${codec.collection(parent)}`, queryOf(codec))
    return items.map(item => this.#decode(codec, item, parent))
  }

  async find({ kind, name, parent }: RowName): Promise<Row | undefined> {
    const codec = this.#codec(kind)
    try {
      return this.#decode(
        codec,
        await this.#client.get(
          `${this.#path({ kind, name, ...(parent !== undefined && { parent }) })}${question(codec)}`,
        ),
        parent,
      )
    } catch (thrown) {
      if (isDeviceFault(thrown, 'BIGIP_NOT_FOUND')) return undefined
      throw thrown
    }
  }

  async write(operation: Operation): Promise<void> {
    if (operation.verb === 'records') return this.#writeRecords(operation.tunnel, operation.rows)
    const { row } = operation
    const codec = this.#codec(row.kind)
    switch (operation.verb) {
      case 'create':
        await this.#client.post(this.#collection(row), codec.create(row) as JsonObject)
        return
      case 'update':
        await this.#client.patch(this.#path(row), codec.change(row, operation.before) as JsonObject)
        return
      case 'delete':
        return this.#client.delete(this.#path(row))
      case 'replace':
        return this.#client.transaction([
          { method: 'DELETE', path: this.#path(operation.before) },
          { method: 'POST', path: this.#collection(row), body: codec.create(row) as JsonObject },
        ] satisfies Command[])
    }
  }

  save(): Promise<void> {
    return this.#client.saveConfig()
  }

  async #writeRecords(tunnel: string, rows: readonly Row<'FDB record'>[]): Promise<void> {
    const codec = this.#codec('FDB record')
    const records: Body[] = rows.map(row => codec.create(row))
    await this.#client.patch(objectPath(`${ROOT}/${FDB_TUNNELS}`, tunnel), { records } as unknown as JsonObject)
  }

  #decode(codec: RowCodec<Kind>, item: JsonObject, parent: string | undefined): Row {
    const row = codec.decode(item, parent)
    const spelled = row.parent === undefined ? item['fullPath'] : item['name']
    if (typeof spelled === 'string' && spelled !== row.name) this.#spellings.set(rowKey(row), spelled)
    return row
  }

  #codec(kind: Kind): RowCodec<Kind> {
    return this.#codecs[kind] as unknown as RowCodec<Kind>
  }

  #collection({ kind, parent }: RowName): string {
    return `${ROOT}/${this.#codec(kind).collection(parent)}`
  }

  #path(row: RowName): string {
    return objectPath(this.#collection(row), this.#spellings.get(rowKey(row)) ?? row.name)
  }
}

function queryOf({ expanded }: RowCodec<Kind>): ListQuery {
  return expanded === undefined ? {} : { expanded }
}

function question(codec: RowCodec<Kind>): string {
  const query = renderQuery(queryOf(codec))
  return query === '' ? '' : `?${query}`
}
