import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { knownDifferences } from './known.ts'

const names: Readonly<Record<string, string>> = { bird: 'BIRD', frr: 'FRR', gobgp: 'GoBGP' }

test('docs/bgp.md lists the known differences, all of them and no others', () => {
  const documented = readFileSync(join(import.meta.dirname, '../../docs/bgp.md'), 'utf8')
  const [, section = ''] = documented.split('### What other routers choose')
  const rows = section.split('\n## ')[0]!.match(/^\| (BIRD|FRR|GoBGP) \| .* \|$/gm)
  assert.deepEqual(
    rows,
    knownDifferences.map(({ router, reason }) => `| ${names[router]} | ${reason} |`),
  )
})
