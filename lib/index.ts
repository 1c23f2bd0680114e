/** The controller library, `import … from 'podpeer'`. */
export { InputFault, WorldFault } from './base/failure.ts'
export { Address, type Family, parseAddress } from './base/ip.ts'
export { Prefix, parsePrefix } from './base/prefix.ts'
