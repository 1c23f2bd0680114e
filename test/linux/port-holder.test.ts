import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseAddress } from '../../lib/base/ip.ts'
import { closeDescriptor } from '../../lib/linux/libc.ts'
import { portHolders, renderHolder } from '../../lib/linux/port-holder.ts'
import { openTcpListener } from '../../lib/linux/tcp.ts'
import { makeNamespace, noNamespaces } from './netns.ts'

test('the holder of a port is named with pid and command, per address', { skip: noNamespaces ?? false }, () => {
  using namespace = makeNamespace()
  const holders = namespace.run(() => {
    const fds = ['10.0.0.1', '::'].map(text => openTcpListener({ address: parseAddress(text), port: 179 }, 1))
    const found = portHolders(179)
    assert.deepEqual(portHolders(180), [])
    for (const fd of fds) closeDescriptor(fd)
    return found
  })
  const command = readFileSync('/proc/self/comm', 'utf8').trim()
  assert.deepEqual(
    holders.map(({ address, uid, process }) => ({ address: address.toString(), uid, process })),
    ['10.0.0.1', '::'].map(address => ({ address, uid: process.getuid?.(), process: { pid: process.pid, command } })),
  )
  assert.equal(renderHolder(holders[0]!), `${command} (pid ${process.pid})`)
})

test('a holder whose process cannot be seen is named by user and inode', () => {
  const hidden = { address: parseAddress('0.0.0.0'), uid: 101, inode: 12345 }
  assert.equal(renderHolder(hidden), 'a process of uid 101 (socket inode 12345)')
})
