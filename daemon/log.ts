/**
 * The log of a daemon: JSON lines on standard output, a constant message and keys. It never blocks: lines wait in bounded
 * memory for a slow reader, and those that find no room are dropped and counted.
 */
import { constants, fstatSync, openSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { setNonBlocking } from '../lib/linux/libc.ts'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
export type LogFields = Readonly<Record<string, unknown>>

export interface Log {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  level: LogLevel
  /** Lines that were lost since the start. */
  readonly dropped: number
  /** Ends the log; settles when what was said is written, or after `patience` milliseconds without it. */
  close(patience: number): Promise<void>
}

/** Octets that may wait. */
const BOUND = 1 << 20
const STANDARD_OUTPUT = 1

/**
 * Standard output, opened once more so that it alone is non-blocking: a thread that waits in write() for a reader that has
 * stopped reading would keep the process from ending. A socket cannot be opened once more: it is made non-blocking itself.
 */
function openOutput(): number {
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK)
  } catch {
    if (fstatSync(STANDARD_OUTPUT).isSocket()) setNonBlocking(STANDARD_OUTPUT)
    return STANDARD_OUTPUT
  }
}

export function openLog(level: LogLevel): Log {
  let abandoned = false
  const retryEAGAIN = () => !abandoned
  const destination = pino.destination({ dest: openOutput(), sync: false, maxLength: BOUND, retryEAGAIN })
  let dropped = 0
  let told = 0
  destination.on('drop', () => {
    dropped++
  })
  // a reader that has gone must not end the agent
  destination.on('error', () => {})
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    destination,
  )
  destination.on('drain', () => {
    if (dropped === told) return
    const lines = dropped - told
    told = dropped
    logger.warn({ lines }, 'log lines dropped')
  })
  return {
    error: (message, fields) => logger.error(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    get level() {
      return logger.level as LogLevel
    },
    set level(to) {
      logger.level = to
    },
    get dropped() {
      return dropped
    },
    async close(patience) {
      const closed = new Promise<void>(resolve => destination.once('close', resolve))
      const timeout = new AbortController()
      destination.end()
      await Promise.race([closed, setTimeout(patience, undefined, { signal: timeout.signal }).catch(() => {})])
      timeout.abort()
      // else the process would wait for the reader when it exits
      abandoned = true
      destination.destroy()
    },
  }
}
