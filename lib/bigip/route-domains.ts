/**
 * In which route domain an address is that says none: a device leaves `%id` out where it is the default one of the partition that
 * the object is in. Pure.
 */
import { readAddress, readNetwork, writeAddress, writeNetwork } from './normal.ts'

export class RouteDomains {
  /** The default one of our partition: rows leave it out. */
  readonly own: number
  readonly #partitions: ReadonlyMap<string, number>

  /** @param partitions by name, the id of the default route domain; 0 where none is told */
  constructor(partition: string, partitions: ReadonlyMap<string, number>) {
    this.own = partitions.get(partition) ?? 0
    this.#partitions = partitions
  }

  /** @param path of the object that holds the address, as the next three */
  address(text: string, path: string): string {
    return readAddress(text, this.#defaultOf(path), this.own)
  }

  network(text: string, path: string): string {
    return readNetwork(text, this.#defaultOf(path), this.own)
  }

  writtenAddress(text: string, path: string): string {
    return writeAddress(text, this.own, this.#defaultOf(path))
  }

  writtenNetwork(text: string, path: string): string {
    return writeNetwork(text, this.own, this.#defaultOf(path))
  }

  #defaultOf(path: string): number {
    return this.#partitions.get(path.split('/')[1] ?? '') ?? 0
  }
}
