/**
 * The same random UPDATE streams into podpeer, BIRD, FRR and GoBGP, over real sessions in namespaces: what three listeners are
 * told at the end of each round agrees, but for the differences that are listed with their reasons.
 *
 * PODPEER_PROPERTY_RUNS: rounds; PODPEER_PROPERTY_SEED: another game.
 */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { bird, frr, gobgp, podpeer } from '../bench/routers/router.ts'
import { cannotInteroperate } from '../lab/daemons.ts'
import { LISTENERS } from './cast.ts'
import { type Difference, differencesOf } from './difference.ts'
import { knownDifferences } from './known.ts'
import { type Played, play } from './play.ts'
import { RandomStream } from './stream.ts'

const ROUNDS = Number(process.env['PODPEER_PROPERTY_RUNS'] ?? 10)
const SEED = Number(process.env['PODPEER_PROPERTY_SEED'] ?? 1)

const ours = podpeer(new URL('../../daemon/main.ts', import.meta.url).pathname)
/** Tuned to what we do always: no preference for the older of two external paths, MEDs compared within each neighbour AS. */
const others = [
  bird(),
  frr('frr', 'bgp bestpath compare-routerid', 'bgp deterministic-med'),
  gobgp('[global.route-selection-options.config]', '  external-compare-router-id = true'),
]

function render({ listener, prefix, ours, theirs, paths }: Difference): string {
  const said = paths.map(({ from, attributes }) => `    ${from.name}: ${JSON.stringify(attributes)}`)
  const told = `  ours ${JSON.stringify(ours)}\n  theirs ${JSON.stringify(theirs)}`
  return [`${listener.name} and ${prefix}`, told, ...said].join('\n')
}

describe(`routers that hear the same, seed ${SEED}, ${ROUNDS} rounds`, { skip: cannotInteroperate('gobgpd') }, () => {
  const stream = new RandomStream(SEED)
  const rounds = Array.from({ length: ROUNDS }, () => stream.round())
  let reference: Played

  before(async () => {
    reference = await play(ours, rounds)
  })

  test('podpeer tells all that has come without waiting for another message', () => {
    assert.equal(reference.prods, 0)
    assert.ok(reference.outcomes.every(outcome => outcome.every(({ size }) => size > 0)))
    assert.equal(reference.outcomes.length, ROUNDS)
    assert.equal(reference.outcomes[0]!.length, LISTENERS.length)
  })

  for (const router of others)
    test(`${router.name} and podpeer tell the same, but for what is listed`, async context => {
      const played = await play(router, rounds)
      const differences = rounds.flatMap(({ said }, number) =>
        differencesOf(said, reference.outcomes[number]!, played.outcomes[number]!),
      )
      const known = knownDifferences.filter(row => row.router === router.name)
      const compared = rounds.reduce((sum, { said }) => sum + said.size * LISTENERS.length, 0)
      const reasons = differences.map(difference => known.filter(row => row.explains(difference)))
      const unlisted = differences.filter((_, at) => reasons[at]!.length === 0)
      assert.equal(unlisted.length, 0, `seed ${SEED}: ${unlisted.slice(0, 3).map(render).join('\n')}`)
      for (const row of known) {
        // what another row explains as well proves nothing
        const met = reasons.filter(rows => rows.length === 1 && rows[0] === row).length
        context.diagnostic(`${met} times: ${router.name} ${row.reason}`)
        if (row.byChance === undefined) assert.ok(met > 0, `${router.name} does not do this any more: ${row.reason}`)
        else assert.ok(met <= row.byChance * compared, `${router.name} does this too often: ${row.reason}`)
      }
    })
})
