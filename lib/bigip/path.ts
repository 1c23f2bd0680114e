/** Names of iControl REST: where an object is, what a collection is called, how a query is written. Knows no HTTP. */

/**
 * The path of one object: `objectPath('/mgmt/tm/net/arp', '/Common/k8s-10.244.1.5')` is
 * `/mgmt/tm/net/arp/~Common~k8s-10.244.1.5`. Names with `:` or `%` are encoded; a name without a slash (an FDB record's MAC
 * address, a neighbor's address, a db variable) stays one segment.
 */
export function objectPath(collection: string, name: string): string {
  return `${collection}/${encodeURIComponent(name.replaceAll('/', '~'))}`
}

/** `subcollectionPath('/mgmt/tm/net/fdb/tunnel', '/Common/t', 'records')` is `/mgmt/tm/net/fdb/tunnel/~Common~t/records`. */
export function subcollectionPath(collection: string, parent: string, name: string): string {
  return `${objectPath(collection, parent)}/${name}`
}

export interface ListQuery {
  /** Only objects of this partition. */
  readonly partition?: string
  /** Only these fields; an object then lacks all others, also `kind`. */
  readonly select?: readonly string[]
  /** With the items of their subcollections, under `…Reference`. */
  readonly expanded?: boolean
}

/** As it follows the `?`; empty when nothing is asked. */
export function renderQuery({ partition, select, expanded = false }: ListQuery): string {
  return [
    ...(partition === undefined ? [] : [`$filter=partition+eq+${encodeURIComponent(partition)}`]),
    ...(select === undefined ? [] : [`$select=${select.map(encodeURIComponent).join(',')}`]),
    ...(expanded ? ['expandSubcollections=true'] : []),
  ].join('&')
}

/**
 * The path with an asterisk for what names a single object, for metrics and texts: few distinct ones exist, and none holds a
 * token.
 */
export function pathShape(path: string): string {
  return path
    .replace(/\?.*$/, '')
    .replace(/\/~[^/]*/g, '/*')
    .replace(/(\/\*\/[^/]+)\/[^/]+/g, '$1/*')
    .replace(/^(\/mgmt\/(?:shared\/authz\/tokens|tm\/transaction))\/.+$/, '$1/*')
}
