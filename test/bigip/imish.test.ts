import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { BigIp, type BigIpOptions } from './big-ip.ts'
import { RestAsker } from './rest-asker.ts'

let device: BigIp
let asker: RestAsker

async function start(options: BigIpOptions): Promise<void> {
  device = await BigIp.start(options)
  asker = await RestAsker.login(device)
}
beforeEach(() => start({ routing: 'legacy' }))
afterEach(async () => {
  asker.close()
  await device.close()
})

/** What imish printed, asked as clients do: over REST, through bash. */
async function imish(...lines: string[]): Promise<string> {
  const words = lines.map(line => `-e \\"${line}\\"`).join(' ')
  const body = { command: 'run', utilCmdArgs: `-c "imish -r 0 ${words}"` }
  return (await asker.ask('POST', '/tm/util/bash', body)).body.commandResult ?? ''
}

/** The running configuration without its frame, each line as it stands. */
async function configuration(): Promise<string[]> {
  const lines = (await imish('show running-config')).split('\n')
  assert.equal(lines.at(-2), 'end')
  return lines
    .slice(0, lines.indexOf('line con 0'))
    .filter(line => line !== '!' && line !== 'no service password-encryption')
}

const CALICO = [
  'configure terminal',
  'router bgp 64512',
  'bgp graceful-restart restart-time 120',
  'neighbor calico-k8s peer-group',
  'neighbor calico-k8s remote-as 64512',
  'neighbor 10.1.10.71 peer-group calico-k8s',
  'neighbor 10.1.10.71 description node-1',
  'neighbor fd00::71 peer-group calico-k8s',
  'address-family ipv6',
  'neighbor calico-k8s activate',
  'exit-address-family',
  'redistribute kernel',
]

test('lines make a configuration that is shown, and shown alike when it is typed again', async () => {
  assert.equal(await imish(...CALICO), '')
  const shown = [
    'router bgp 64512',
    ' bgp graceful-restart restart-time 120',
    ' redistribute kernel',
    ' neighbor calico-k8s peer-group',
    ' neighbor calico-k8s remote-as 64512',
    ' neighbor 10.1.10.71 peer-group calico-k8s',
    ' neighbor 10.1.10.71 description node-1',
    ' neighbor fd00::71 peer-group calico-k8s',
    ' address-family ipv6',
    ' neighbor calico-k8s activate',
    ' exit-address-family',
  ]
  assert.deepEqual(
    (await configuration()).filter(line => line !== ' !'),
    shown,
  )
  await imish('configure terminal', 'no router bgp 64512')
  assert.deepEqual(await configuration(), [])
  assert.equal(await imish('configure terminal', ...shown), '')
  assert.deepEqual(
    (await configuration()).filter(line => line !== ' !'),
    shown,
  )
})

test('prefix lists and route maps are typed, numbered, used and taken away', async () => {
  const lines = [
    'ip prefix-list vips seq 10 permit 10.1.10.0/24 ge 32',
    'ip prefix-list vips permit 10.2.0.0/16 ge 24 le 32',
    'ipv6 prefix-list vips6 seq 5 deny ::/0',
    'route-map vips permit 10',
    'match ip address prefix-list vips',
    'router bgp 64512',
    'redistribute kernel route-map vips',
  ]
  assert.equal(await imish('configure terminal', ...lines), '')
  assert.deepEqual(await configuration(), [
    'router bgp 64512',
    ' redistribute kernel route-map vips',
    'ip prefix-list vips seq 10 permit 10.1.10.0/24 ge 32',
    'ip prefix-list vips seq 15 permit 10.2.0.0/16 ge 24 le 32',
    'ipv6 prefix-list vips6 seq 5 deny ::/0',
    'route-map vips permit 10',
    ' match ip address prefix-list vips',
  ])
  const gone = [
    'no redistribute kernel',
    'no route-map vips',
    'no ip prefix-list vips',
    'no ipv6 prefix-list vips6 seq 5 deny ::/0',
  ]
  assert.equal(await imish('configure terminal', 'router bgp 64512', ...gone), '')
  assert.deepEqual(await configuration(), ['router bgp 64512'])
})

describe('what does not fit is told, and the lines after it are done', () => {
  for (const [line, told] of [
    ['router bgp 64513', /^% BGP is already running; AS is 64512/],
    ['frobnicate', /% Invalid input detected at '\^' marker\./],
    ['neighbor 10.1.10.99 description x', /^% Specify remote-as or peer-group commands first/],
    ['neighbor 10.1.10.98 peer-group nobody', /^% .*nobody.* was not found/],
    ['no neighbor 10.1.10.97', /^% .*was not found/],
    ['neighbor 10.1.10.71 remote-as many', /^% invalid property value/],
    ['neighbor 10.1.10.71 peer-group calico-k8s', /^$/],
    ['neighbor 10.1.10.71 frobnicate', /% Invalid input/],
  ] as const)
    test(line, async () => {
      await imish(...CALICO)
      const output = await imish(
        'configure terminal',
        'router bgp 64512',
        line,
        'router bgp 64512',
        'neighbor 10.1.10.72 remote-as 64512',
      )
      assert.match(output, told)
      assert.match(await imish('show running-config'), /neighbor 10\.1\.10\.72 remote-as 64512/)
    })
})

test('a file that was uploaded is configuration, its lines padded or not', async () => {
  const text = Buffer.from('router bgp 64512 \n neighbor 10.1.10.71 remote-as 64512 \nend \n')
  const half = 20
  const upload = (octets: Buffer, from: number) =>
    asker.ask('POST', '/shared/file-transfer/uploads/podpeer.txt', octets, {
      'Content-Type': 'application/octet-stream',
      'Content-Range': `${from}-${from + octets.length - 1}/${text.length}`,
    })
  assert.equal((await upload(text.subarray(0, half), 0)).body.remainingByteCount, text.length - half)
  const { body } = await upload(text.subarray(half), half)
  assert.deepEqual([body.remainingByteCount, body.localFilePath], [0, '/var/config/rest/downloads/podpeer.txt'])
  const run = { command: 'run', utilCmdArgs: `-c "imish -r 0 -f ${body.localFilePath}"` }
  assert.equal((await asker.ask('POST', '/tm/util/bash', run)).body.commandResult, undefined)
  assert.deepEqual(await configuration(), ['router bgp 64512', ' neighbor 10.1.10.71 remote-as 64512'])
  const rm = { command: 'run', utilCmdArgs: body.localFilePath }
  assert.equal((await asker.ask('POST', '/tm/util/unix-rm', rm)).body.commandResult, undefined)
  assert.match((await asker.ask('POST', '/tm/util/bash', run)).body.commandResult, /^Can't open configuration file/)
  assert.equal((await upload(Buffer.from('late'), 7)).status, 400)
})

test('`write` keeps the configuration over a reboot, and a save of tmsh does not', async () => {
  await imish('configure terminal', 'router bgp 64512', 'neighbor 10.1.10.71 remote-as 64512')
  await device.hand('POST', '/tm/sys/config', { command: 'save' })
  await device.reboot()
  assert.doesNotMatch(await device.imish(['show running-config']), /router bgp/)
  await device.imish(['configure terminal', 'router bgp 64512', 'end', 'write'])
  await device.imish(['configure terminal', 'router bgp 64512', 'neighbor 10.1.10.72 remote-as 64512'])
  await device.reboot()
  const text = await device.imish(['show running-config'])
  assert.match(text, /router bgp 64512/)
  assert.doesNotMatch(text, /neighbor/)
})

test('what was saved in tmos mode does not come back after a save in legacy mode', async () => {
  const other = await BigIp.start({ routing: 'tmos' })
  const save = () => other.hand('POST', '/tm/sys/config', { command: 'save' })
  await other.hand('POST', '/tm/net/routing/bgp', { name: 'b', localAs: 64512 })
  await save()
  await other.reboot()
  assert.equal((await other.list('/tm/net/routing/bgp')).length, 1)
  await other.hand('PATCH', '/tm/sys/db/tmrouted.tmos.routing', { value: 'disable' })
  await other.hand('PATCH', '/tm/net/route-domain/0', { routingProtocol: ['BGP'] })
  await save()
  await other.reboot()
  assert.doesNotMatch(await other.imish(['show running-config']), /router bgp/)
  await other.close()
})

test('the summary lists neighbours by family, long addresses on lines of their own', async () => {
  await imish(
    ...CALICO,
    'neighbor 2001:db8:0:1:2:3:4:71 remote-as 64512',
    'neighbor 10.1.10.72 remote-as 64513',
    'neighbor 10.1.10.72 shutdown',
  )
  const summary = await imish('show ip bgp summary')
  assert.match(summary, /local AS number 64512/)
  assert.match(summary, /^10\.1\.10\.71 {6}4 {2}64512 .* 00:01:00 +1$/m)
  assert.match(summary, /^10\.1\.10\.72 {6}4 {2}64513 .* never +Idle$/m)
  assert.match(summary, /^2001:db8:0:1:2:3:4:71\n {15} 4 {2}64512 /m)
  assert.match(await imish('show bgp ipv6 unicast summary'), /Total number of neighbors 2/)
})

test('without BGP in the route domain, without its daemon and in appliance mode it says so', async () => {
  device.unit.routingDaemon = false
  assert.equal(await imish('show running-config'), 'Protocol daemon is not running\n')
  await device.hand('PATCH', '/tm/net/route-domain/0', { routingProtocol: [] })
  assert.equal(await imish('show running-config'), 'Dynamic routing is not enabled in route domain 0\n')
  asker.close()
  await device.close()
  await start({ routing: 'legacy', applianceMode: true })
  const { status } = await asker.ask('POST', '/tm/util/bash', { command: 'run', utilCmdArgs: '-c "imish -e write"' })
  assert.equal(status, 403)
})

test('the configuration goes when BGP is taken from the route domain, and is its own in another one', async () => {
  await imish('configure terminal', 'router bgp 64512', 'ip prefix-list vips seq 5 permit any')
  await device.hand('POST', '/tm/net/route-domain', { name: '20', id: 20, routingProtocol: ['BGP'] })
  const lines = ['configure terminal', 'ip prefix-list vips seq 5 deny any', 'router bgp 64520']
  assert.equal(await device.imish(lines, 20), '')
  assert.match(await device.imish(['show running-config'], 20), /router bgp 64520\n!\nip prefix-list vips seq 5 deny/)
  assert.match(await imish('show running-config'), /router bgp 64512\n!\nip prefix-list vips seq 5 permit/)
  await device.hand('PATCH', '/tm/net/route-domain/0', { routingProtocol: [] })
  await device.hand('PATCH', '/tm/net/route-domain/0', { routingProtocol: ['BGP'] })
  assert.deepEqual(await configuration(), [])
  assert.match(await device.imish(['show running-config'], 20), /router bgp 64520/)
})

test('objects of tmos mode and what imish shows are one state', async () => {
  asker.close()
  await device.close()
  await start({ routing: 'tmos' })
  assert.match(await imish('show ip bgp summary'), /^Dynamic routing is not enabled/)
  await asker.ask('POST', '/tm/net/routing/prefix-list', {
    name: 'p',
    entries: [{ name: '10', action: 'permit', prefix: '10.0.0.0/8', prefixLenRange: '16:' }],
  })
  const neighbor = [
    { name: '10.255.255.4', remoteAs: 65515, addressFamily: [{ name: 'ipv4', prefixList: { out: '/Common/p' } }] },
  ]
  await asker.ask('POST', '/tm/net/routing/bgp', { name: 'b', localAs: 65530, neighbor })
  assert.deepEqual(await configuration(), [
    'router bgp 65530',
    ' neighbor 10.255.255.4 remote-as 65515',
    ' neighbor 10.255.255.4 prefix-list /Common/p out',
    'ip prefix-list /Common/p seq 10 permit 10.0.0.0/8 ge 16',
  ])
})

test('a shell that is asked for more than it has says so', async () => {
  const run = async (utilCmdArgs: string) =>
    (await asker.ask('POST', '/tm/util/bash', { command: 'run', utilCmdArgs })).body.commandResult
  assert.equal(await run('-c "frobnicate now"'), 'bash: frobnicate: command not found\n')
  assert.match(await run("-c 'tmsh save sys config; cat /nowhere'"), /^Saving running.*\ncat: \/nowhere: No such file/)
})
