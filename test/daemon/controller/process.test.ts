/** `podpeer controller` as a process, between the API stand-in and the BIG-IP stand-in: asked, measured, stopped. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { ControllerClient } from '../../../daemon/controller/client.ts'
import { freePort } from '../../free-port.ts'
import { Stage } from '../../lib/controller/stage.ts'

const MAIN = join(import.meta.dirname, '../../../daemon/main.ts')
const DEADLINE = 120_000

interface Running {
  readonly child: ChildProcess
  readonly client: ControllerClient
  readonly http: string
  /** All lines of its log. */
  readonly said: () => string
}

function start(context: TestContext, stage: Stage, port: number): Running {
  const socket = `${stage.kubeconfig}.sock`
  const address = `127.0.0.1:${port}`
  const args = [MAIN, 'controller', '--kubeconfig', stage.kubeconfig, '--socket', socket, '--metrics', address]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, POD_NAMESPACE: 'podpeer', POD_NAME: 'controller-0' },
  })
  let said = ''
  child.stdout.on('data', chunk => {
    said += chunk
  })
  child.stderr.on('data', chunk => {
    said += chunk
  })
  context.after(() => child.kill('SIGKILL'))
  return { child, client: new ControllerClient(socket), http: `http://${address}`, said: () => said }
}

async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + DEADLINE; ; await new Promise(resolve => setTimeout(resolve, 50))) {
    const found = await look().catch(() => undefined)
    if (found !== undefined) return found
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`)
  }
}

it('answers on its socket, says that it is ready and what it measures, and leaves nothing behind', async context => {
  const stage = await Stage.open(context)
  stage.putPod('web', 1, '10.244.1.7')
  stage.putBigIp()
  const { child, client, http, said } = start(context, stage, await freePort())
  const status = await eventually('a device in sync', async () => {
    const now = await client.status()
    return now.bigIps[0]?.units[0]?.phase === 'in sync' ? now : undefined
  })
  assert.equal(status.leading, true, said())
  const [bigIp] = status.bigIps
  assert.deepEqual([bigIp?.name, bigIp?.mode, bigIp?.ready], ['bigip', 'flannel-vxlan', true])
  const [unit] = bigIp!.units
  assert.equal(unit?.objects.desired, unit?.objects.actual)
  assert.ok(Date.parse(unit?.tokenExpiresAt ?? '') > Date.now())

  stage.putNode(3)
  await eventually('the third node', async () =>
    (await client.status()).bigIps[0]?.nodes.served === 3 ? true : undefined,
  )
  await eventually('its record', async () => (Object.keys(await stage.records()).length === 3 ? true : undefined))
  // the device has a row before its answer is heard, and the row before the one that is written beside it
  await eventually('a device in sync again', async () => {
    const [now] = (await client.status()).bigIps[0]?.units ?? []
    return now?.phase === 'in sync' && now.objects.actual === now.objects.desired ? true : undefined
  })

  const text = async (path: string) => await (await fetch(http + path)).text()
  assert.equal(await text('/healthz'), 'ok\n')
  assert.equal(await text('/readyz'), 'ok\n')
  const metrics = await text('/metrics')
  for (const line of [
    /^podpeer_leader 1$/m,
    /^podpeer_kubernetes_synced 1$/m,
    /^podpeer_objects\{bigip="bigip",unit="bigip-a",kind="ARP",state="desired"\} 4$/m,
    /^podpeer_objects\{bigip="bigip",unit="bigip-a",kind="FDB record",state="drift"\} 0$/m,
    /^podpeer_device_call_duration_seconds_count\{[^}]*method="POST",path="\/mgmt\/tm\/net\/arp",code="200"\} 4$/m,
    /^podpeer_token_expiry_timestamp_seconds\{bigip="bigip",unit="bigip-a"\} 1\d{9}/m,
    /^podpeer_applied_lag_seconds_count\{bigip="bigip",unit="bigip-a"\} [1-9]/m,
    /^podpeer_nodes\{bigip="bigip",state="served"\} 3$/m,
  ])
    assert.match(metrics, line)

  const { units } = await client.plan({})
  assert.deepEqual(
    units.map(({ operations, error }) => [operations, error]),
    [[[], undefined]],
  )
  await stage.device.hand('DELETE', `/tm/net/arp/~Common~podpeer-${bigIp?.cluster}-10.244.1.7`)
  await assert.rejects(client.plan({ bigip: 'another' }), { code: 'BAD_REQUEST' })
  const applied = await client.apply({ bigip: 'bigip', unit: 'bigip-a' })
  assert.equal(applied.units[0]?.outcome?.converged, true)
  assert.equal((await stage.device.list('/tm/net/arp')).length, 4)

  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0, said())
  const lease = stage.api.find('Lease', 'podpeer-controller', 'podpeer')?.['spec'] as { holderIdentity: string }
  assert.equal(lease.holderIdentity, '')
  assert.ok(
    stage.device.calls.last.some(({ method, path }) => method === 'DELETE' && path.startsWith('/shared/authz/tokens')),
  )
  assert.ok(!said().includes(stage.device.credentials.password))
})

it('says at once what of a file it cannot use, with its line', async context => {
  const stage = await Stage.open(context)
  const child = spawn(process.execPath, [MAIN, 'controller', '--bigip', '/nowhere/bigip.yaml'])
  context.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const [code] = await once(child, 'close')
  assert.deepEqual([code, said], [2, 'podpeer: /nowhere/bigip.yaml: there is no such file\n'])
  assert.equal(stage.device.calls.writes, 0)
})
