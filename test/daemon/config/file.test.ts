import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judgeFile, parseFile, renderProblem } from '../../../daemon/config/index.ts'

/** What a person would read about the file. */
function complaints(text: string): string[] {
  return judgeFile(text).problems.map(renderProblem)
}

describe('a configuration file', () => {
  it('may be empty, for every key has a default or may be absent', () => {
    assert.deepEqual(judgeFile(''), { file: {}, problems: [] })
    assert.deepEqual(judgeFile('# only a comment\n'), { file: {}, problems: [] })
  })

  it('is given back as written, nothing filled in', () => {
    const text = 'asNumber: 65010\npeers:\n  - { name: tor, address: 10.0.1.254, asNumber: external }\n'
    assert.deepEqual(parseFile(text), {
      asNumber: 65010,
      peers: [{ name: 'tor', address: '10.0.1.254', asNumber: 'external' }],
    })
  })

  const bad: [what: string, text: string, complaints: string[]][] = [
    [
      'an alias of nothing',
      'log: *settings\n',
      ['line 1: Unresolved alias (the anchor must be set before the alias): settings; write the values out'],
    ],
    [
      'aliases that would fill the memory',
      `${[...'bcdefg'].reduce((text, key, at) => `${text}${key}: &${key} [${`*${'abcdefg'[at]}, `.repeat(9)}]\n`, 'a: &a [1]\n')}`,
      ['line 1: Excessive alias count indicates a resource exhaustion attack; write the values out'],
    ],
    [
      'an unknown key near a known one',
      'peers:\n  - address: 10.0.0.1\n    asNumbr: 65000\n',
      ['line 3: peers[0].asNumbr: unknown key; did you mean asNumber?'],
    ],
    [
      'an unknown key near nothing',
      'announce:\n  everything: true\n',
      ['line 2: announce.everything: unknown key; known are podCIDRs, prefixes, services'],
    ],
    ['a key in other letters', 'ASNumber: 1\n', ['line 1: ASNumber: unknown key; did you mean asNumber?']],
    [
      'a text for a number',
      'asNumber: many\n',
      ['line 1: asNumber: "many" is not a whole number from 1 to 4294967295'],
    ],
    [
      'a number out of range',
      'listen:\n  port: 70000\n',
      ['line 2: listen.port: 70000 is out of range; write a whole number from 1 to 65535'],
    ],
    [
      'an address that is none',
      'listen:\n  addresses:\n    - 10.0.0.1\n    - 10.0.0.256\n',
      ['line 4: listen.addresses[1]: "10.0.0.256" is not an IP address; write one such as 192.0.2.1 or 2001:db8::1'],
    ],
    [
      'host bits in a prefix',
      'announce: { prefixes: [192.0.2.1/24] }\n',
      ['line 1: announce.prefixes[0]: "192.0.2.1/24" has host bits set; write 192.0.2.0/24'],
    ],
    [
      'an IPv6 router id',
      'routerId: 2001:db8::1\n',
      ['line 1: routerId: "2001:db8::1" is not an IPv4 address; write one such as 192.0.2.1'],
    ],
    [
      'a word that is not known',
      'log: { level: inform }\n',
      ['line 1: log.level: "inform" is not one of error, warn, info, debug'],
    ],
    [
      'a typing slip in a word',
      'peers: [{ address: 10.0.0.1, families: [ipv4, ip6] }]\n',
      ['line 1: peers[0].families[1]: "ip6" is not one of ipv4, ipv6; did you mean ipv6?'],
    ],
    [
      'a word where a number or another word belongs',
      'peers: [{ address: 10.0.0.1, asNumber: foo }]\n',
      ['line 1: peers[0].asNumber: "foo" is not a whole number from 1 to 4294967295 or "external" or "internal"'],
    ],
    [
      'a typing slip in the only word',
      'peers: [{ address: 10.0.0.1, asNumber: externl }]\n',
      ['line 1: peers[0].asNumber: "externl" is not external; did you mean external?'],
    ],
    ['nothing where a list belongs', 'peers:\n', ['line 1: peers: nothing is not a list']],
    ['a mapping where a list belongs', 'peers: { address: 10.0.0.1 }\n', ['line 1: peers: a mapping is not a list']],
    [
      'a password in the file itself',
      'peers:\n  - address: 10.0.0.1\n    password: secret\n',
      ['line 3: peers[0].password: a text is not a mapping with file or a mapping with env'],
    ],
    [
      'both sources of a password',
      'peers: [{ address: 10.0.0.1, password: { file: /key, env: KEY } }]\n',
      ['line 1: peers[0].password.env: unknown key; known are file'],
    ],
    [
      'an allow-list entry with an unknown bound',
      'import: { allow: [{ prefix: 192.0.2.0/24, maximum: 32 }] }\n',
      ['line 1: import.allow[0].maximum: unknown key; known are prefix, min, max'],
    ],
    [
      'an allow-list entry that can match nothing',
      'import: { allow: [{ prefix: 192.0.2.0/24, min: 33 }] }\n',
      [
        'line 1: import.allow[0]: no prefix in 192.0.2.0/24 has a length from 33 to 32; write them so that 24 ≤ min ≤ max ≤ 32',
      ],
    ],
    [
      'a hold time that BGP does not know',
      'peers: [{ address: 10.0.0.1, holdTime: 2 }]\n',
      ['line 1: peers[0].holdTime: 2 is too short; write 0 (never) or at least 3'],
    ],
    [
      'a keepalive time that never keeps alive',
      'peers: [{ address: 10.0.0.1, holdTime: 9, keepaliveTime: 9 }]\n',
      ['line 1: peers[0].keepaliveTime: 9 is not shorter than the hold time of 9; write at most 3'],
    ],
    [
      'a policy that is not there',
      'policies: [{ name: tor-in }]\npeers:\n  - address: 10.0.0.1\n    import: tor-im\n',
      ['line 4: peers[0].import: there is no policy "tor-im"; known are accept, reject, allowed, originated, tor-in'],
    ],
    [
      'a policy with a built-in name',
      'policies: [{ name: accept }]\n',
      ['line 1: policies[0].name: accept is built in; choose another name'],
    ],
    [
      'a policy term without its action',
      'policies: [{ name: a, terms: [{ name: t }] }]\n',
      ['line 1: policies[0].terms[0]: action is missing'],
    ],
    [
      'two peers of one name',
      'peers:\n  - { name: tor, address: 10.0.0.1 }\n  - { name: tor, address: 10.0.0.2 }\n',
      ['line 3: peers[1]: peers[0] is called "tor", too'],
    ],
    [
      'a peer that is nobody',
      'peers: [{ asNumber: 1 }]\n',
      ['line 1: peers[0]: has neither name nor address; write its address'],
    ],
    [
      'a TTL beside the one of GTSM',
      'peers: [{ address: 10.0.0.1, ttl: 64, gtsm: 1 }]\n',
      ['line 1: peers[0].ttl: gtsm says it already: it sends with 255; leave ttl out'],
    ],
    ['a listen range without a prefix', 'ranges: [{ name: rack }]\n', ['line 1: ranges[0]: prefix is missing']],
    [
      'two listen ranges of one name, and a policy that is not there',
      'ranges:\n  - { name: rack, prefix: 10.0.0.0/24 }\n  - { name: rack, prefix: 10.0.1.0/24, import: all }\n',
      [
        'line 3: ranges[1].import: there is no policy "all"; known are accept, reject, allowed, originated',
        'line 3: ranges[1]: ranges[0] is called "rack", too',
      ],
    ],
    [
      'the metric of everybody else',
      'kernel: { metric: 1024 }\n',
      [
        'line 1: kernel.metric: 1024 is what every IPv6 route of others has by default, so that ours would merge with them; write another one',
      ],
    ],
    [
      'a state file that depends on labels',
      'nodes:\n  - selector: { matchLabels: { zone: a } }\n    state: /run/a.json\n',
      [
        'line 3: nodes[0].state: is needed before the labels of the Node are known; choose the nodes of this section by selector.names alone',
      ],
    ],
    ['a section for nobody in particular', 'nodes: [{ asNumber: 1 }]\n', ['line 1: nodes[0]: selector is missing']],
    [
      'a text that is no YAML',
      'peers: [\n  - }\n',
      ['line 2: Block collections are not allowed within flow collections'],
    ],
    ['a key that is there twice', 'asNumber: 1\nasNumber: 2\n', ['line 2: Map keys must be unique']],
    ['something else than keys and values', '- a\n', ['line 1: a list is not a mapping of keys to values']],
  ]
  for (const [what, text, expected] of bad)
    it(`with ${what} is refused by path, line and fix`, () => assert.deepEqual(complaints(text), expected))

  it('tells all its problems in the order of its lines', () => {
    assert.deepEqual(complaints('peers: [{ address: x }]\nrouterId: 7\n'), [
      'line 1: peers[0].address: "x" is not an IP address; write one such as 192.0.2.1 or 2001:db8::1',
      'line 2: routerId: 7 is not an IPv4 address',
    ])
  })

  it('as a fault names the first problem and says how many more there are', () => {
    assert.throws(() => parseFile('routerId: 7\nasNumber: x\n'), {
      name: 'InputFault',
      path: 'line 1: routerId',
      message: 'line 1: routerId: 7 is not an IPv4 address (and 1 more)',
    })
  })
})
