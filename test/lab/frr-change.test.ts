import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frrCommands } from './frr-change.ts'
import { frrConfig } from './router-config.ts'
import type { RouterPeer, RouterSetup } from './router-setup.ts'

const peer = (address: string, asNumber: number): RouterPeer => ({
  name: `neighbor-${address}`,
  address,
  asNumber,
  families: ['ipv4'],
  holdTime: 90,
  keepaliveTime: 30,
})
const setup: RouterSetup = {
  asNumber: 64512,
  routerId: '10.0.1.254',
  originated: { ipv4: ['203.0.113.10/32'], ipv6: [] },
  peers: [peer('10.0.1.1', 65010), peer('10.0.1.2', 65020)],
}
const change = (wanted: RouterSetup) => frrCommands(frrConfig(setup), frrConfig(wanted))

test('the same configuration needs no command', () => {
  assert.deepEqual(change(setup), [])
})

test('a neighbour that is added is named alone', () => {
  const commands = change({ ...setup, peers: [...setup.peers, peer('10.0.1.3', 65030)] })
  assert.deepEqual(commands.slice(0, 2), ['configure terminal', 'router bgp 64512'])
  assert.ok(commands.includes('neighbor 10.0.1.3 remote-as 65030'))
  assert.deepEqual(commands.slice(-3), [
    'address-family ipv4 unicast',
    'neighbor 10.0.1.3 activate',
    'exit-address-family',
  ])
  assert.ok(!commands.some(command => /10\.0\.1\.[12]\b/.test(command)))
})

test('a neighbour that is removed goes by one command', () => {
  assert.deepEqual(change({ ...setup, peers: [setup.peers[0]!] }), [
    'configure terminal',
    'router bgp 64512',
    'no neighbor 10.0.1.2',
  ])
})

test('a VIP that is told no longer touches no neighbour', () => {
  assert.deepEqual(change({ ...setup, originated: { ipv4: [], ipv6: [] } }), [
    'configure terminal',
    'router bgp 64512',
    'address-family ipv4 unicast',
    'no network 203.0.113.10/32',
    'exit-address-family',
  ])
})

test('another AS is another router', () => {
  const commands = change({ ...setup, asNumber: 64513 })
  assert.deepEqual(commands.slice(0, 2), ['configure terminal', 'no router bgp 64512'])
  assert.ok(commands.includes('router bgp 64513'))
  assert.ok(commands.includes(' neighbor 10.0.1.1 remote-as 65010'))
})
