import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EventLog } from '../../../daemon/agent/event-log.ts'
import type { Log, LogFields } from '../../../daemon/log.ts'

function played() {
  const lines: string[] = []
  let now = 0
  const line =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push([level, message, ...Object.values(fields)].join(' '))
  const log: Log = {
    error: line('error'),
    warn: line('warn'),
    info: line('info'),
    debug: () => {},
    level: 'info',
    dropped: 0,
    close: async () => {},
  }
  return { lines, events: new EventLog(log, () => now), pass: (ms: number) => (now += ms) }
}

describe('sessions in the log', () => {
  it('are told when they come up and when they go down, with the reason', () => {
    const { lines, events } = played()
    events.session('tor', 'OpenConfirm', 'Established', 'KEEPALIVE received')
    events.session('tor', 'Established', 'Idle', 'hold timer expired')
    assert.deepEqual(lines, [
      'info session tor OpenConfirm Established KEEPALIVE received',
      'warn session tor Established Idle hold timer expired',
    ])
  })

  it('that fail again and again are told once per reason, and anew after a success', () => {
    const { lines, events } = played()
    for (let attempt = 0; attempt < 3; attempt++) {
      events.session('tor', 'Idle', 'Connect', 'started')
      events.session('tor', 'Connect', 'Active', 'connection refused')
    }
    events.session('tor', 'OpenSent', 'Idle', 'wrong AS')
    events.session('tor', 'OpenConfirm', 'Established', '')
    events.session('tor', 'Established', 'Idle', 'closed')
    events.session('tor', 'Connect', 'Active', 'connection refused')
    assert.deepEqual(
      lines.filter(line => line.startsWith('warn')),
      [
        'warn session tor Connect Active connection refused',
        'warn session tor OpenSent Idle wrong AS',
        'warn session tor Established Idle closed',
        'warn session tor Connect Active connection refused',
      ],
    )
  })

  it('are not told of a mere start', () => {
    const { lines, events } = played()
    events.session('tor', 'Idle', 'Active', 'started')
    assert.deepEqual(lines, [])
  })
})

describe('notices in the log', () => {
  it('of one kind about one peer are told once in ten seconds, then with how many were left out', () => {
    const { lines, events, pass } = played()
    for (let times = 0; times < 4; times++) events.notice('tor', 'malformedAttribute', `attribute ${times}`)
    events.notice('spine', 'malformedAttribute', 'attribute')
    pass(10_000)
    events.notice('tor', 'malformedAttribute', 'attribute 4')
    assert.deepEqual(lines, [
      'warn notice tor malformedAttribute attribute 0',
      'warn notice spine malformedAttribute attribute',
      'warn notice tor malformedAttribute attribute 4 3',
    ])
  })
})
