import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judgeFile, parseFile, renderProblem } from '../../../daemon/config/index.ts'
import { policiesByName } from '../../../daemon/config/policy.ts'

const complaints = (term: string): string[] =>
  judgeFile(`policies:\n- name: p\n  terms:\n  - { name: t, action: accept, ${term} }\n`).problems.map(renderProblem)

function policyOf(text: string) {
  const file = parseFile(text)
  return policiesByName([], file.policies ?? []).get(file.policies![0]!.name)!
}

describe('a policy of the file', () => {
  it('is turned into the engine’s, every part of it', () => {
    const policy = policyOf(`
policies:
- name: tor-in
  otherwise: accept
  terms:
  - name: customers
    match:
      communities: [65000:*, no-export]
      largeCommunities: { all: ['65000:1:2'], none: ['*:9:9'] }
      asPath: { neighbor: [65101], pattern: '_65009$', length: { max: 4 } }
      nextHop: [10.0.0.0/8]
      med: { min: 10 }
      source: [learned]
    set:
      localPref: 200
      communities: { remove: ['65000:*'], add: [65000:9] }
      extendedCommunities: { replace: [] }
      prepend: { count: 2 }
      nextHop: 192.0.2.1
    action: next
`)
    const [term] = policy.terms
    assert.equal(policy.otherwise, 'accept')
    assert.equal(term?.action, 'next')
    const { communities, asPath, nextHop, med, source } = term!.match
    const texts = communities?.map(({ mode, patterns }) => [mode, patterns.map(({ kind, text }) => `${kind} ${text}`)])
    assert.deepEqual(texts, [
      ['any', ['communities 65000:*', 'communities no-export']],
      ['all', ['largeCommunities 65000:1:2']],
      ['none', ['largeCommunities *:9:9']],
    ])
    assert.equal(asPath?.pattern?.text, '_65009$')
    assert.deepEqual([asPath?.neighbors, asPath?.length], [[65101], { min: 0, max: 4 }])
    assert.deepEqual(
      [String(nextHop), med, source],
      ['10.0.0.0/8', { min: 10, max: 4294967295 }, ['node', 'internal', 'external']],
    )
    const { set } = term!
    assert.deepEqual([set?.localPref, set?.prepend, String(set?.nextHop)], [200, { count: 2 }, '192.0.2.1'])
    assert.deepEqual(set?.communities?.extendedCommunities, { remove: 'all', add: [] })
    assert.equal(
      policyOf('policies: [{ name: p, terms: [{ name: t, set: { med: none }, action: accept }] }]').terms[0]!.set?.med,
      'none',
    )
    assert.deepEqual(
      set?.communities?.communities?.add.map(({ value }) => [...value]),
      [[0xfd, 0xe8, 0, 9]],
    )
  })

  it('takes a prefix term as it did, without anything else', () => {
    const policy = policyOf(
      'policies: [{ name: p, terms: [{ name: t, match: { families: [ipv6] }, action: accept }] }]\n',
    )
    assert.deepEqual(policy, {
      name: 'p',
      otherwise: 'reject',
      terms: [{ name: 't', match: { families: [6] }, action: 'accept' }],
    })
  })

  const bad: [what: string, term: string, complaints: string[]][] = [
    [
      'a community that is none',
      'match: { communities: [65000:1, public] }',
      [
        'line 4: policies[0].terms[0].match.communities[1]: "public" is no community of this kind; write 65000:100 or a name such as no-export',
      ],
    ],
    [
      'a community of another kind',
      'match: { communities: { none: [65000:1:2] } }',
      [
        'line 4: policies[0].terms[0].match.communities.none[0]: "65000:1:2" is no community of this kind; write 65000:100 or a name such as no-export',
      ],
    ],
    [
      'a number that is too large for its place',
      'set: { communities: { add: [70000:1] } }',
      [
        'line 4: policies[0].terms[0].set.communities.add[0]: "70000:1" is no community of this kind; write 65000:100 or a name such as no-export',
      ],
    ],
    [
      'a * where a community is set',
      'set: { largeCommunities: { add: ["65000:*:1"] } }',
      [
        'line 4: policies[0].terms[0].set.largeCommunities.add[0]: "65000:*:1" is no single community; write numbers only',
      ],
    ],
    [
      'a * for the first number of an extended community',
      'match: { extendedCommunities: ["rt:*:1"] }',
      [
        'line 4: policies[0].terms[0].match.extendedCommunities[0]: "rt:*:1" is no community of this kind; write rt:65000:100, rt:192.0.2.1:100, soo:65000:100 or 16 hexadecimal digits',
      ],
    ],
    [
      'replace beside add',
      'set: { communities: { replace: [65000:1], add: [65000:2] } }',
      [
        'line 4: policies[0].terms[0].set.communities: replace leaves nothing to remove or to add to; write replace alone, or without it',
      ],
    ],
    [
      'a pattern that is none, with the place',
      'match: { asPath: { pattern: "65001(" } }',
      [
        'line 4: policies[0].terms[0].match.asPath.pattern: "65001(", character 6: this ( is not closed; write ) where it ends',
      ],
    ],
    [
      'a range that holds nothing',
      'match: { localPref: { min: 5, max: 4 } }',
      ['line 4: policies[0].terms[0].match.localPref: no number is from 5 to 4; write them so that min ≤ max'],
    ],
    [
      'a next hop that is none',
      'set: { nextHop: myself }',
      ['line 4: policies[0].terms[0].set.nextHop: "myself" is not "self" or "unchanged" or an IP address'],
    ],
    [
      'an unknown attribute',
      'set: { weight: 1 }',
      [
        'line 4: policies[0].terms[0].set.weight: unknown key; known are localPref, med, origin, communities, extendedCommunities, largeCommunities, prepend, nextHop',
      ],
    ],
  ]
  for (const [what, term, expected] of bad)
    it(`is refused for ${what}`, () => {
      assert.deepEqual(complaints(term), expected)
    })

  it('is refused where it sets something on what it rejects', () => {
    const text = 'policies:\n- name: p\n  terms:\n  - { name: t, action: reject, set: { med: 1 } }\n'
    assert.deepEqual(judgeFile(text).problems.map(renderProblem), [
      'line 4: policies[0].terms[0].set: what is rejected is told to nobody; leave it out',
    ])
  })
})
