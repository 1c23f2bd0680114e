import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { isWell, type Outcome, renderJson, renderReport, renderTable } from './report.ts'

const outcome: Outcome = {
  seconds: 2.345,
  mode: 'bgp',
  objects: [{ kind: 'BGP neighbor', desired: 2, actual: 1, drift: 0 }],
  sessions: [{ node: 'node-1', peer: '10.0.1.254', family: 'ipv4', state: 'Established' }],
  routes: [{ node: 'router', prefix: '10.244.1.0/24', via: '10.0.1.1' }],
  pings: [
    { from: 'router', to: 'pod-1-1', family: 'ipv4', ok: true, rttMs: 0.123 },
    { from: 'router', to: 'pod-1-1', family: 'ipv6', ok: true, rttMs: 0.456 },
  ],
  missing: [],
}
const lost: Outcome = { ...outcome, pings: [{ ...outcome.pings[0]!, ok: false, rttMs: null }, outcome.pings[1]!] }

test('all is well only when nothing is missing and every ping was answered', () => {
  assert.equal(isWell(outcome), true)
  assert.equal(isWell(lost), false)
  assert.equal(isWell({ ...outcome, missing: ['the session of node-1 with 10.0.1.254 is Active'] }), false)
})

test('the JSON document has the verdict, the seconds, the mode and the four lists', () => {
  assert.deepEqual(JSON.parse(renderJson(lost)), {
    ok: false,
    seconds: 2.3,
    mode: 'bgp',
    objects: outcome.objects,
    sessions: outcome.sessions,
    routes: outcome.routes,
    pings: lost.pings,
  })
})

test('the ping matrix has both families in one cell, and a lost ping in words', () => {
  assert.match(renderReport(outcome, false), /router +0\.12 \/ 0\.46/)
  assert.match(renderReport(lost, false), /router +lost \/ 0\.46/)
  assert.match(renderReport(lost, false), /Not well after 2\.3 s: 1 of 2 pings answered\./)
})

test('objects are counted by kind, and where there are neither sessions nor routes nothing stands in their place', () => {
  assert.match(renderReport(outcome, false), /KIND +DESIRED +ACTUAL\n +BGP neighbor +2 +1\n/)
  const played = renderReport({ ...outcome, mode: 'static', sessions: [], routes: [], played: 'Calico' }, false)
  assert.match(played, /mode static[\s\S]*the lab plays Calico/)
  assert.doesNotMatch(played, /Sessions|Routes/)
})

test('what is missing is said below the tables', () => {
  assert.match(renderReport({ ...outcome, missing: ['node-1 has no route to ::/0'] }, false), /- node-1 has no route/)
})

test('without colour there is no escape code, with it the columns still line up', () => {
  assert.ok(!renderReport(outcome, false).includes('\u001b'))
  const coloured = renderTable(['A', 'B'], [['\u001b[31mred\u001b[39m', 'x']])
  assert.equal(stripVTControlCharacters(coloured), '  A    B\n  red  x\n')
})

test('a lab too large for a matrix is counted per place, and its losses are named', () => {
  const pings = Array.from({ length: 30 }, (_, at) => ({ ...outcome.pings[0]!, to: `pod-${at}`, ok: at !== 7 }))
  const report = renderReport({ ...outcome, pings }, false)
  assert.match(report, /router +30 +29/)
  assert.match(report, /lost: router to pod-7 \(ipv4\)/)
})
