import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breaker } from '../../../lib/bigip/breaker.ts'

const most = 0.999_999

function failTimes(breaker: Breaker, times: number, now = 0): void {
  for (let time = 0; time < times; time++) breaker.failed(now, 0, most)
}

test('five failures in a row are a rest; a success between them is none', () => {
  const breaker = new Breaker()
  failTimes(breaker, 4)
  breaker.succeeded()
  failTimes(breaker, 4)
  assert.equal(breaker.admit(0), undefined)
  failTimes(breaker, 1)
  assert.equal(breaker.admit(0), 1000)
})

test('what fails while the rest has begun makes it no longer', () => {
  const breaker = new Breaker()
  failTimes(breaker, 8)
  assert.equal(breaker.admit(400), 600)
})

test('each probe that fails doubles the rest, up to half a minute', () => {
  const breaker = new Breaker()
  failTimes(breaker, 5)
  let now = 0
  const rests: number[] = []
  for (let probe = 0; probe < 7; probe++) {
    rests.push(breaker.admit(now)!)
    now = breaker.restingUntil!
    assert.equal(breaker.admit(now), undefined, 'one probes')
    assert.ok(breaker.admit(now)! > 0, 'and no other')
    breaker.failed(now, 0, most)
  }
  assert.deepEqual(rests, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
})

test('a probe that is given up leaves its place to another', () => {
  const breaker = new Breaker()
  failTimes(breaker, 5)
  assert.equal(breaker.admit(1000), undefined)
  breaker.abandoned()
  assert.equal(breaker.admit(1000), undefined)
})

test('a device that asks for a longer rest gets it', () => {
  const breaker = new Breaker()
  failTimes(breaker, 4)
  breaker.failed(0, 120_000, most)
  assert.equal(breaker.admit(0), 120_000)
})
