/** The version of this program: that of its package. */
import { createRequire } from 'node:module'

// by the package's own name: the same from source and from dist
export const version: string = createRequire(import.meta.url)('podpeer/package.json').version
