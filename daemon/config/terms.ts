/** Terms that the parts of the agent's schema share. */
import { Type } from '../../lib/schema/type.ts'

export const closed = { additionalProperties: false } as const

export const asNumber = (description: string) => Type.Integer({ minimum: 1, maximum: 4294967295, description })
export const family = Type.Enum(['ipv4', 'ipv6'])
