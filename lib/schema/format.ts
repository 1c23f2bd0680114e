/**
 * The formats that texts of our schemas have: their names in an operator's words, what is wrong with a text, and the pattern
 * that says (nearly) the same to an API server, which knows fewer formats.
 */
import { InputFault } from '../base/failure.ts'
import { bitsOf, parseAddress } from '../base/ip.ts'
import { parseMac } from '../base/mac.ts'
import { parsePrefix } from '../base/prefix.ts'

interface Format {
  readonly name: string
  /** @throws InputFault without a path */
  parse(text: string): unknown
  /** Absent where an API server knows the format itself. */
  readonly pattern?: string
}

/** A text that its pattern judges. */
function patterned(name: string, pattern: string, fix: string): Format {
  const whole = new RegExp(pattern)
  return {
    name,
    pattern,
    parse(text) {
      if (!whole.test(text)) throw new InputFault('', `"${text}" is not ${name}`, fix)
    },
  }
}

export const FORMATS: Readonly<Record<string, Format>> = {
  ip: { name: 'an IP address', parse: text => parseAddress(text), pattern: '^[0-9a-fA-F:.]+$' },
  cidr: { name: 'a prefix such as 192.0.2.0/24', parse: text => parsePrefix(text) },
  mac: { name: 'a MAC address', parse: text => parseMac(text), pattern: '^[0-9a-fA-F]{1,2}([:-][0-9a-fA-F]{1,2}){5}$' },
  ipv4: {
    name: 'an IPv4 address',
    parse(text) {
      if (parseAddress(text).family === 4) return
      throw new InputFault('', `"${text}" is not an IPv4 address`, 'write one such as 192.0.2.1')
    },
  },
  interface: {
    name: 'an address with the length of its subnet, such as 10.244.255.1/16',
    pattern: '^[0-9a-fA-F:.]+/[0-9]{1,3}$',
    parse(text) {
      const { 1: address, 2: length } = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
      if (address === undefined)
        throw new InputFault('', `"${text}" has no length`, 'write one such as 10.244.255.1/16')
      const bits = bitsOf(parseAddress(address).family)
      if (Number(length) <= bits) return
      throw new InputFault('', `"${text}" is longer than its address`, `write a length of at most ${bits}`)
    },
  },
  endpoint: patterned(
    'a host, host:port or https URL',
    '^(https://)?([A-Za-z0-9.-]+|\\[[0-9a-fA-F:.]+\\]|[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*)(:[0-9]{1,5})?/?$',
    'write one such as 192.0.2.10 or https://bigip.example.com:8443',
  ),
  path: patterned('a full path', '^/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$', 'write one such as /Common/fl-tunnel'),
  label: patterned('a name of small letters and digits', '^[a-z0-9]+$', 'write one such as c1'),
  fingerprint: patterned(
    'a SHA-256 fingerprint',
    '^sha256:([0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}$',
    'write sha256: and the 64 digits that `openssl x509 -fingerprint -sha256` shows',
  ),
}
