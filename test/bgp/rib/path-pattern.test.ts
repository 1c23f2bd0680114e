import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PathPattern } from '../../../bgp/rib/path-pattern.ts'
import { InputFault } from '../../../lib/base/failure.ts'

const matches = (pattern: string, path: readonly number[]) => new PathPattern(pattern).matches(path)

test('a pattern matches anywhere in the text of a path unless it is anchored', () => {
  assert.equal(matches('65001', [64999, 65001, 3]), true)
  assert.equal(matches('500', [65001]), true, 'inside a number, too')
  assert.equal(matches('^65001', [64999, 65001]), false)
  assert.equal(matches('65001$', [64999, 65001]), true)
  assert.equal(matches('^65001 65002$', [65001, 65002]), true)
  assert.equal(matches('^65001 65002$', [65001, 65002, 65002]), false)
  assert.equal(matches('', [1]), true)
})

test('_ is where a number begins or ends, so that a number is not found inside another', () => {
  assert.equal(matches('_650_', [65001]), false)
  assert.equal(matches('_650_', [1, 650, 2]), true)
  assert.equal(matches('_650_', [650]), true)
  assert.equal(matches('^_650_', [650, 7]), true)
  assert.equal(matches('_1_2_', [9, 1, 2]), true)
  assert.equal(matches('_1_2_', [11, 2]), false)
})

test('sets, alternatives, groups and repetition mean what they mean elsewhere', () => {
  assert.equal(matches('^6500[0-4](_6500[5-9])*$', [65003, 65005, 65009]), true)
  assert.equal(matches('^6500[0-4](_6500[5-9])*$', [65003, 65004]), false)
  assert.equal(matches('^(1|22|333)$', [22]), true)
  assert.equal(matches('^[^ ]+$', [65001]), true)
  assert.equal(matches('^[^ ]+$', [65001, 65002]), false)
  assert.equal(matches('^(65001 ){2,3}7$', [65001, 65001, 7]), true)
  assert.equal(matches('^(65001 ){2,3}7$', [65001, 7]), false)
  assert.equal(matches('^(65001 ){2}7$', [65001, 65001, 65001, 7]), false)
  assert.equal(matches('^(65001 ){1,}7$', [65001, 65001, 65001, 7]), true)
  assert.equal(matches('^1?$', []), true)
})

test('the empty path is matched by ^$ and by what asks for nothing, and by no number', () => {
  assert.equal(matches('^$', []), true)
  assert.equal(matches('_', []), true)
  assert.equal(matches('.', []), false)
  assert.equal(matches('^$', [1]), false)
})

test('what is no pattern is refused with the place and what to write instead', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['65001(', /"65001\(", character 6: this \( is not closed/],
    ['65001)', /character 6: this \) closes nothing/],
    ['*1', /character 1: \* repeats nothing/],
    ['1[5-2]', /character 2: a range from 5 to 2/],
    ['1[', /character 2: \[ begins no set/],
    ['1{3,2}', /character 2: a count from 3 to 2/],
    ['1{x}', /character 2: \{ begins no count/],
    ['AS65001', /character 1: there is no "A" in an AS path; use digits/],
    ['65001\\d', /there is no "\\" in an AS path/],
    [`${'1'.repeat(257)}`, /has 257 characters; use at most 256/],
    ['((1{30}){30}){30}', /repeats too much/],
  ]
  for (const [text, message] of wrong)
    assert.throws(
      () => new PathPattern(text, 'policies[0].terms[1].match.asPath.pattern'),
      fault => {
        assert(fault instanceof InputFault, text)
        assert.equal(fault.path, 'policies[0].terms[1].match.asPath.pattern')
        assert.match(fault.message, message)
        return true
      },
    )
})

/** Patterns that read the same in JavaScript, but for `_`. */
const patternText = fc
  .letrec<{ one: string; many: string }>(tie => ({
    one: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('1', '2', '12', '.', '_', ' ', '[12]', '[^1]', '^', '$'),
      tie('many').map(text => `(${text})`),
      fc
        .tuple(tie('many'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '{1,}'))
        .map(([text, sign]) => `(${text})${sign}`),
      fc.tuple(tie('many'), tie('many')).map(([left, right]) => `(${left}|${right})`),
    ),
    many: fc.array(tie('one'), { maxLength: 3 }).map(parts => parts.join('')),
  }))
  .many.filter(text => text.length <= 256)

test('it agrees with the regular expressions of JavaScript on random patterns and paths', () => {
  fc.assert(
    fc.property(
      patternText,
      fc.array(fc.array(fc.constantFrom(1, 2, 12, 21, 121), { maxLength: 5 }), { minLength: 1, maxLength: 6 }),
      (text, paths) => {
        let pattern: PathPattern
        try {
          pattern = new PathPattern(text)
        } catch (thrown) {
          fc.pre(!(thrown instanceof InputFault))
          throw thrown
        }
        const expected = new RegExp(text.replaceAll('_', '(?:^| |$)'))
        // one pattern over several paths: the states it has made must not tell on the next
        for (const path of paths)
          assert.equal(pattern.matches(path), expected.test(path.join(' ')), `${text} on ${path}`)
      },
    ),
    { numRuns: 2000 },
  )
})

test('patterns that make others backtrack or grow without end take bounded time', () => {
  const path = Array.from({ length: 4000 }, (_, at) => (at % 2 === 0 ? 1212121212 : 2121212121))
  const started = process.cpuUsage().user
  for (const text of ['(1+)+3', '((1|2)*)*3', '(1|2| )*1(1|2| ){40}3', '(.*)(.*)(.*)(.*)3$', '((((1?)+)?)+)*3'])
    assert.equal(matches(text, path), false, text)
  assert((process.cpuUsage().user - started) / 1e6 < 10, 'five patterns over 44,000 characters each')
})
