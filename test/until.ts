import assert from 'node:assert/strict'

/** Waits for a condition in this process, looking every few milliseconds; fails after two minutes, which no busy machine needs. Of the lab: lab/waiting.ts. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 120_000; !condition(); ) {
    assert.ok(Date.now() < deadline, `waited in vain until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
