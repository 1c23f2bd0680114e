/** Waiting for a condition of the world, with a deadline and a sentence about what was missing when it passed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { WorldFault } from '../../lib/base/failure.ts'

const INTERVAL = 100

/**
 * Asks again and again until nothing is missing.
 * @param missing what is still missing, in words; undefined when all is there
 * @param deadline milliseconds
 * @throws WorldFault ETIMEDOUT with the last answer
 */
export async function untilComplete(
  what: string,
  deadline: number,
  missing: () => Promise<string | undefined>,
): Promise<void> {
  const end = performance.now() + deadline
  for (;;) {
    const answer = await missing()
    if (answer === undefined) return
    if (performance.now() > end)
      throw new WorldFault('ETIMEDOUT', `${what}: not within ${Math.round(deadline / 1000)} s: ${answer}`, {
        retry: false,
      })
    await sleep(INTERVAL)
  }
}

/** Runs the work on all items, at most `width` at a time. */
export async function eachOf<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  await Promise.all(
    Array.from({ length: Math.min(width, items.length) }, async () => {
      for (const item of rest) await work(item)
    }),
  )
}
