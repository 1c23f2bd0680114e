/** What firewalls drop, judged from what `iptables-save` and `nft -j list ruleset` print of the rulesets below. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parseIptables } from '../../../lib/linux/firewall/iptables.ts'
import { parseNft } from '../../../lib/linux/firewall/nft.ts'
import { type Chain, droppedBy } from '../../../lib/linux/firewall/ruleset.ts'

/** @param text `udp 8472 from 10.1.10.60` */
function drop(chains: readonly Chain[], text: string): string | undefined {
  const [protocol, port, , from = ''] = text.split(' ')
  const source = parseAddress(from)
  return droppedBy(chains, { family: source.family, protocol: protocol as 'tcp' | 'udp', port: Number(port), source })
}

const iptables = (...rules: string[]): Chain[] =>
  parseIptables(
    ['*filter', ':INPUT DROP [0:0]', ':FORWARD ACCEPT [0:0]', ':USER - [0:0]', ...rules, 'COMMIT'].join('\n'),
    4,
  )

const REJECT = '-A USER -p udp -m udp --dport 4789 -j REJECT --reject-with icmp-port-unreachable'
const HARDENED = iptables(
  '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A INPUT -i lo -j ACCEPT',
  '-A INPUT -p tcp -m multiport --dports 22,100:200 -j ACCEPT',
  '-A INPUT -j USER',
  '-A USER -s 10.1.10.0/24 -p udp -m udp --dport 8472 -m comment --comment "from the \\"BIG-IP\\" -j DROP" -j ACCEPT',
  REJECT,
)

test('iptables: what no rule accepts falls to the policy, whatever is established or comes over lo', () => {
  assert.equal(drop(HARDENED, 'udp 8472 from 10.9.9.9'), 'the policy of filter INPUT (drop)')
  assert.equal(drop(HARDENED, 'tcp 443 from 10.1.10.60'), 'the policy of filter INPUT (drop)')
})

test('iptables: chains, port ranges, sources and comments are read', () => {
  assert.equal(drop(HARDENED, 'udp 8472 from 10.1.10.60'), undefined)
  assert.equal(drop(HARDENED, 'tcp 179 from 10.9.9.9'), undefined)
  assert.equal(drop(HARDENED, 'udp 4789 from 10.1.10.60'), REJECT)
})

test('iptables: a condition that cannot be told drops nothing for certain, and may accept', () => {
  assert.equal(drop(iptables('-A INPUT -i eth0 -p udp --dport 8472 -j ACCEPT'), 'udp 8472 from 10.1.10.60'), undefined)
  const limited = iptables('-A INPUT -m limit --limit 5/s -j DROP', '-A INPUT -j ACCEPT')
  assert.equal(drop(limited, 'udp 8472 from 10.1.10.60'), undefined)
  const returning = iptables('-A INPUT -j USER', '-A INPUT -j ACCEPT', '-A USER -m mark --mark 0x1 -j RETURN', REJECT)
  assert.equal(drop(returning, 'udp 4789 from 10.1.10.60'), undefined)
})

test('iptables: negated sources, and logging before a drop', () => {
  const chains = iptables(
    '-A INPUT ! -s 10.1.10.0/24 -j LOG',
    '-A INPUT ! -s 10.1.10.0/24 -j DROP',
    '-A INPUT -j ACCEPT',
  )
  assert.equal(drop(chains, 'tcp 179 from 10.1.10.60'), undefined)
  assert.equal(drop(chains, 'tcp 179 from 10.2.0.1'), '-A INPUT ! -s 10.1.10.0/24 -j DROP')
})

test('iptables: goto leaves what it does not decide to the caller of the caller', () => {
  const chains = iptables('-A INPUT -g USER', '-A INPUT -j ACCEPT', '-A USER -p tcp -j ACCEPT')
  assert.equal(drop(chains, 'tcp 179 from 10.2.0.1'), undefined)
  assert.equal(drop(chains, 'udp 179 from 10.2.0.1'), 'the policy of filter INPUT (drop)')
})

test('iptables: forwarding is not asked, and each family is asked for itself', () => {
  const open = parseIptables('*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\nCOMMIT\n', 4)
  assert.equal(drop(open, 'udp 8472 from 10.1.10.60'), undefined)
  assert.equal(drop(HARDENED, 'udp 8472 from fd00::1'), undefined)
})

const match = (left: object, right: unknown, op = '==') => ({ match: { op, left, right } })
const payload = (protocol: string, field: string) => ({ payload: { protocol, field } })
const meta = (key: string) => ({ meta: { key } })

/** The form of nft 1.0.6; the expressions of an input chain with policy drop, and of the chain `udps`. */
function nft(input: readonly object[][], udps: readonly object[][] = []): Chain[] {
  const place = { family: 'inet', table: 'filter' }
  const base = { ...place, name: 'input', handle: 1, type: 'filter', hook: 'input', prio: 0, policy: 'drop' }
  const rules = [...input.map(expr => ({ chain: 'input', expr })), ...udps.map(expr => ({ chain: 'udps', expr }))]
  return parseNft(
    JSON.stringify({
      nftables: [
        { metainfo: { version: '1.0.6', json_schema_version: 1 } },
        { table: { family: 'inet', name: 'filter', handle: 1 } },
        {
          set: {
            ...place,
            name: 'nodes',
            type: 'ipv4_addr',
            elem: ['10.1.10.11', { prefix: { addr: '10.3.0.0', len: 16 } }],
          },
        },
        { chain: base },
        { chain: { ...place, name: 'udps', handle: 2 } },
        ...rules.map((rule, at) => ({ rule: { ...place, handle: at + 5, ...rule } })),
      ],
    }),
  )
}

const STATES = {
  vmap: {
    key: { ct: { key: 'state' } },
    data: {
      set: [
        ['invalid', { drop: null }],
        ['established', { accept: null }],
      ],
    },
  },
}
const UDP_8472 = match(payload('udp', 'dport'), 8472)

const RULESET = nft(
  [
    [STATES],
    [match(meta('iifname'), 'lo'), { accept: null }],
    [match(payload('ip', 'saddr'), '@nodes'), { accept: null }],
    [match(payload('ip', 'saddr'), { prefix: { addr: '10.2.0.0', len: 16 } }), UDP_8472, { accept: null }],
    [match(payload('tcp', 'dport'), { set: [22, { range: [80, 90] }, 179] }), { accept: null }],
    [match(meta('l4proto'), 'udp'), { goto: { target: 'udps' } }],
    [{ reject: { type: 'icmpx', expr: 'admin-prohibited' } }],
  ],
  [
    [match(payload('udp', 'dport'), 8472, '!='), { accept: null }],
    [{ limit: { rate: 5, per: 'second' } }, { counter: { packets: 0, bytes: 0 } }, { log: { prefix: 'x' } }],
    [{ return: null }],
  ],
)

test('nft: sets, ranges, prefixes, maps of verdicts and goto are read', () => {
  assert.equal(drop(RULESET, 'udp 8472 from 10.1.10.60'), 'the policy of inet filter input (drop)')
  assert.equal(drop(RULESET, 'tcp 443 from 10.1.10.60'), 'rule 11 of inet filter input')
  for (const passing of ['udp 53 from 10.9.9.9', 'udp 8472 from 10.2.3.4', 'udp 8472 from 10.3.3.4'])
    assert.equal(drop(RULESET, passing), undefined, passing)
  for (const passing of ['tcp 179 from fd00::1', 'tcp 85 from 10.9.9.9', 'tcp 443 from 10.1.10.11'])
    assert.equal(drop(RULESET, passing), undefined, passing)
})

test('nft: what is not known here may be true', () => {
  assert.equal(
    drop(nft([[{ xt: { type: 'match', name: 'geoip' } }, { accept: null }]]), 'udp 1 from 10.0.0.1'),
    undefined,
  )
  assert.equal(drop(nft([[match(meta('iifname'), 'eth0'), { accept: null }]]), 'udp 1 from 10.0.0.1'), undefined)
  assert.equal(drop(nft([[{ fib: {} }, { drop: null }], [{ accept: null }]]), 'udp 1 from 10.0.0.1'), undefined)
})

test('no rules drop nothing', () => {
  assert.equal(drop(parseNft('{"nftables": []}'), 'udp 8472 from 10.0.0.1'), undefined)
  assert.equal(drop(parseIptables('', 4), 'udp 8472 from 10.0.0.1'), undefined)
})
