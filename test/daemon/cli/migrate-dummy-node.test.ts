import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { type MigrationSources, migrationView } from '../../../daemon/cli/migrate-dummy-node.ts'
import { agentApi } from '../../../daemon/control/api.ts'
import { ControlClient } from '../../../daemon/control/client.ts'
import type { VxlanStatus } from '../../../daemon/control/overlay-document.ts'
import { type ControlServer, serveControl } from '../../../daemon/control/server.ts'
import { WorldFault } from '../../../lib/base/failure.ts'
import type { StandInVerdict } from '../../../lib/bigip/stand-in.ts'
import { VXLAN } from '../control/sample-overlay.ts'
import { SampleSource } from '../control/sample-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'podpeer-migrate-'))
const socket = join(folder, 'agent.sock')
let server: ControlServer
let source = new SampleSource()

before(async () => {
  server = await serveControl({
    socket,
    api: async (...asked) => await agentApi(source)(...asked),
    report: bug => console.error(bug),
  })
})
beforeEach(() => {
  source = new SampleSource()
})
after(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const FREE: StandInVerdict = {
  node: 'bigip1',
  endpoints: ['10.0.1.254'],
  podCIDRs: ['10.244.20.0/24'],
  units: ['bigip/bigip-a'],
  obstacles: [],
}
const HELD = { ...FREE, obstacles: [{ cause: 'its subnet could be given to a node', remedy: 'move the self IP' }] }

/** Of the first VTEP alone. @param status of its FDB row */
function withFdb(status: 'installed' | 'served'): VxlanStatus {
  const [overlay] = VXLAN.overlays
  const [vtep] = overlay!.vteps
  const rows = vtep!.rows.map(row => (row.kind === 'fdb' ? { ...row, status } : row))
  return { ...VXLAN, overlays: [{ ...overlay!, vteps: [{ ...vtep!, rows }] }] }
}

async function migrate(apply: boolean, standIns: MigrationSources['standIns'] = async () => [FREE]) {
  const view = migrationView({ agent: new ControlClient(socket), standIns }, apply)
  const value = await view.ask()
  return { value, text: view.text(value, { look: { columns: undefined, colour: false }, wide: false, now: 0 }) }
}

test('a dry run changes nothing and tells what would be taken over', async () => {
  source.overlay = withFdb('served')
  const { value, text } = await migrate(false)
  assert.deepEqual([value.ok, source.takenOver], [true, 0])
  assert.match(text, /^This node: 1 of 2 rows towards BIG-IP are the agent's own$/m)
  assert.match(text, /fdb 02:00:00:00:00:04 dst 10\.0\.1\.254: flannel's: it will be taken over$/m)
  assert.match(text, /^Nothing was changed\. Run it with --apply, on every node\.$/m)
})

test('with --apply the agent takes over, and the Node may go when every node has done so', async () => {
  source.overlay = withFdb('installed')
  const { value, text } = await migrate(true)
  assert.deepEqual([value.ok, source.takenOver], [true, 1])
  assert.match(text, /^This node: 2 of 2 rows/)
  assert.match(text, /exit code 0 on every node: kubectl delete node bigip1$/m)
})

test('rows that are still others’ after that are no success', async () => {
  source.overlay = withFdb('served')
  assert.equal((await migrate(true)).value.ok, false)
})

test('what stands against the deletion is told with what to do, and nobody is told to delete', async () => {
  source.overlay = withFdb('installed')
  const { value, text } = await migrate(true, async () => [HELD])
  assert.equal(value.ok, false)
  assert.match(text, /it may not be deleted:\n {4}its subnet could be given to a node\n {4}→ move the self IP$/m)
  assert.doesNotMatch(text, /kubectl delete/)
})

test('a cluster that cannot be read is not taken for one without such a Node', async () => {
  source.overlay = withFdb('installed')
  const { value, text } = await migrate(true, async () => {
    throw new WorldFault('KUBE_FORBIDDEN', 'forbidden: list nodes', { retry: false })
  })
  assert.equal(value.ok, false)
  assert.match(text, /^not looked at: the Nodes of the cluster: forbidden: list nodes$/m)
  assert.doesNotMatch(text, /No Node of the cluster/)
})
