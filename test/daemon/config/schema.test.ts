import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { it } from 'node:test'
import { jsonSchema } from '../../../daemon/config/index.ts'

const PUBLISHED = new URL('../../../deploy/agent.schema.json', import.meta.url)

it('the schema in deploy/ is what the program has: write it with `podpeer config schema`', () => {
  assert.ok(existsSync(PUBLISHED))
  assert.deepEqual(JSON.parse(readFileSync(PUBLISHED, 'utf8')), JSON.parse(JSON.stringify(jsonSchema())))
})
