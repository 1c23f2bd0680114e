/**
 * What a schema cannot say of a BIGIP's spec: each rule once for the API server (CEL, where defaults are filled in already)
 * and once for files, with one message. A test plays both on the same values.
 */
import type { ConfigProblem } from '../schema/problem.ts'
import type { BigIpSettings } from './resource-schema.ts'

interface SpecRule {
  /** The field that it is about, from the spec: `bgp`, and where its CEL is written. */
  readonly field: 'units' | 'credentials' | 'tls' | 'bgp' | ''
  readonly cel: string
  readonly problem: string
  readonly fix: string
  /** @param spec with its defaults */
  holds(spec: Required<BigIpSettings>): boolean
}

const RULES: readonly SpecRule[] = [
  {
    field: 'units',
    cel: 'self.size() < 2 || self.all(unit, has(unit.address))',
    problem: 'two units need an address each',
    fix: 'write units[].address',
    holds: ({ units }) => units.length < 2 || units.every(unit => unit.address !== undefined),
  },
  {
    field: 'units',
    cel: "self.size() < 2 || self.all(one, self.exists_one(other, (has(one.name) ? one.name : has(one.address) ? one.address : '') == (has(other.name) ? other.name : has(other.address) ? other.address : '')))",
    problem: 'two units have the same name or address',
    fix: 'name them apart',
    holds: ({ units }) => new Set(units.map(unit => unit.name ?? unit.address)).size === units.length,
  },
  {
    field: 'credentials',
    cel: 'has(self.secret) != has(self.directory)',
    problem: 'needs one of secret and directory',
    fix: 'write the one that holds url, username and password',
    holds: ({ credentials }) => (credentials.secret === undefined) !== (credentials.directory === undefined),
  },
  {
    field: 'tls',
    cel: '(has(self.caSecret) ? 1 : 0) + (has(self.caFile) ? 1 : 0) + (has(self.insecure) && self.insecure ? 1 : 0) < 2',
    problem: 'caSecret, caFile and insecure exclude each other',
    fix: 'write one of them',
    holds: ({ tls: { caSecret, caFile, insecure = false } }) =>
      [caSecret !== undefined, caFile !== undefined, insecure].filter(Boolean).length < 2,
  },
  {
    field: 'bgp',
    cel: 'self.holdTime == 0 || self.holdTime >= 3 * self.keepaliveTime',
    problem: 'holdTime is less than three times keepaliveTime',
    fix: 'write 0 (never) or at least three times keepaliveTime',
    holds: ({ bgp: { holdTime = 0, keepaliveTime = 1 } }) => holdTime === 0 || holdTime >= 3 * keepaliveTime,
  },
  {
    field: '',
    cel: "self.bgp.peers != 'reflector' || has(self.reflector)",
    problem: 'bgp.peers is reflector, and no node is chosen for it',
    fix: 'write reflector.nodeSelector.matchLabels',
    holds: ({ bgp, reflector }) => bgp.peers !== 'reflector' || reflector !== undefined,
  },
  {
    field: '',
    cel: 'self.manage.tunnel || has(self.tunnel.name) || has(self.tunnel.name6)',
    problem: 'manage.tunnel is false, and no tunnel is named',
    fix: 'write tunnel.name of the one that others made',
    holds: ({ manage, tunnel }) => manage.tunnel !== false || (tunnel.name ?? tunnel.name6) !== undefined,
  },
  {
    field: '',
    cel: '!has(self.tunnel.shared) || !self.tunnel.shared || !self.manage.tunnel',
    problem: 'tunnel.shared is true, and a tunnel that podpeer makes is its own',
    fix: 'write manage.tunnel: false as well',
    holds: ({ manage, tunnel }) => tunnel.shared !== true || manage.tunnel === false,
  },
]

/** @param spec with its defaults, as the schema wants it */
export function rulesBroken(spec: unknown): ConfigProblem[] {
  return RULES.filter(rule => !rule.holds(spec as Required<BigIpSettings>)).map(({ field, problem, fix }) => ({
    path: field === '' ? 'spec' : `spec.${field}`,
    problem,
    fix,
  }))
}

/** Names on the device hold these: an object that changed them would forget what it made under the old ones. */
const CONSTANT = ['cluster', 'partition', 'routeDomain'] as const

/** For the CustomResourceDefinition, by the field whose schema holds them; '' is the spec itself. */
export function celRules(field: string): readonly { readonly rule: string; readonly message: string }[] {
  const rules = RULES.filter(rule => rule.field === field).map(({ cel, problem, fix }) => ({
    rule: cel,
    message: `${problem}; ${fix}`,
  }))
  return field === '' ? [...rules, ...CONSTANT.map(constancy)] : rules
}

function constancy(field: (typeof CONSTANT)[number]): { readonly rule: string; readonly message: string } {
  return {
    rule: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
    message: `${field} cannot change, for what is on the device is named and placed by it; delete this BIGIP with deletionPolicy Delete and make another`,
  }
}
