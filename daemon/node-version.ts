/** Whether this Node.js can run podpeer: asked before anything is loaded that an old one does not know. */
import { createRequire } from 'node:module'

const { engines } = createRequire(import.meta.url)('podpeer/package.json')

/**
 * @param version `20.20.2`
 * @param wanted `>=22.19`
 * @returns a sentence for the person who started it; undefined: it can
 */
export function complaintAboutNode(version: string, wanted: string = engines.node): string | undefined {
  const [major = 0, minor = 0] = numbersOf(version)
  const [leastMajor = 0, leastMinor = 0] = numbersOf(wanted)
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined
  return `Node.js ${leastMajor}.${leastMinor} or newer is needed, and this is ${version}`
}

function numbersOf(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number)
}
