import assert from 'node:assert/strict'
import { test } from 'node:test'
import { updateBody } from '../wire/hex.ts'
import { type JudgedSession, judgeUpdate } from './judge.ts'

const external: JudgedSession = { internal: false, remoteAs: 65001, gracefulRestart: true }
const internal: JudgedSession = { ...external, internal: true }
const mandatory = '400101 00 400204 0201 fde9 400304 0a000001'
const nlri = '18 c00002'

test('the plainest UPDATEs are well', () => {
  const heard = judgeUpdate(
    updateBody({ attributes: `${mandatory} 800404 00000007`, nlri, withdrawn: '08 0a' }),
    external,
  )
  const route = { asPath: [65001], nextHop: '10.0.0.1', med: 7, communities: [] }
  assert.deepEqual(heard, { withdrawn: ['10.0.0.0/8'], announced: ['192.0.2.0/24'], route, endOfRib: false })
  assert.equal(judgeUpdate(updateBody({}), external).endOfRib, true)
  const inside = `${mandatory.replace('04 0201 fde9', '00')} 400504 00000064 800904 0a000002 800a04 0a000001`
  assert.equal(judgeUpdate(updateBody({ attributes: inside, nlri }), internal).route?.localPref, 100)
})

const odd: readonly [string, Parameters<typeof updateBody>[0], RegExp, JudgedSession?][] = [
  ['attributes out of order', { attributes: `400204 0201 fde9 400101 00 400304 0a000001`, nlri }, /1 behind 2/],
  ['an attribute twice', { attributes: `${mandatory} 800404 00000001 800404 00000001`, nlri }, /4 behind 4/],
  ['an unknown transitive attribute', { attributes: `${mandatory} e06301 07`, nlri }, /99, which it does not know/],
  ['large communities', { attributes: `${mandatory} c0200c ${'00'.repeat(12)}`, nlri }, /32/],
  ['MP_REACH_NLRI', { attributes: `${mandatory} 800e0d 0001 01 04 0a000001 00 18 c00002`, nlri }, /14/],
  ['an AS_SET', { attributes: mandatory.replace('0201', '0101'), nlri }, /type 1/],
  ['an extended length', { attributes: mandatory.replace('400101', '50010001'), nlri }, /extended length/],
  ['other flags', { attributes: mandatory.replace('400101', 'c00101'), nlri }, /flags c0/],
  ['LOCAL_PREF from outside', { attributes: `${mandatory} 400504 00000064`, nlri }, /from outside/],
  ['no LOCAL_PREF from inside', { attributes: mandatory, nlri }, /LOCAL_PREF/, internal],
  ['AS_TRANS alone', { attributes: mandatory.replace('04 0201 fde9', '06 0202 fde9 5ba0'), nlri }, /AS4_PATH/],
  ['another first AS', { attributes: mandatory.replace('fde9', 'fdea'), nlri }, /begins with 65002/],
  ['attributes of nothing', { attributes: mandatory }, /of nothing/],
  ['host bits', { attributes: mandatory, nlri: '17 c00003' }, /host bits/],
  ['a prefix twice', { attributes: mandatory, nlri: `${nlri} ${nlri}` }, /twice/],
  ['a prefix withdrawn and announced', { withdrawn: nlri, attributes: mandatory, nlri }, /both/],
  ['an empty UPDATE without graceful restart', {}, /empty/, { ...external, gracefulRestart: false }],
]

for (const [title, fields, reason, session = external] of odd)
  test(`${title}: odd`, () => {
    assert.throws(() => judgeUpdate(updateBody(fields), session), { name: 'Odd', message: reason })
  })
