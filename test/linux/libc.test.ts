import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { AF_INET, bindSocket, closeDescriptor, errnoCode, openSocket, SOCK_STREAM } from '../../lib/linux/libc.ts'

test('a number has one name, the one that everybody writes', () => {
  assert.deepEqual([11, 2, 98, 105, 4095].map(errnoCode), ['EAGAIN', 'ENOENT', 'EADDRINUSE', 'ENOBUFS', 'E4095'])
})

test('a refused call is a fault of the world with code, words, and whether trying again can help', () => {
  assert.throws(() => bindSocket(-1, new Uint8Array(16)), {
    name: 'WorldFault',
    code: 'EBADF',
    message: 'binding a socket: bad file descriptor (EBADF)',
    retry: true,
  })
  const fd = openSocket(AF_INET, SOCK_STREAM, 0)
  assert.throws(() => bindSocket(fd, new Uint8Array(1), 'binding'), { code: 'EINVAL', retry: false })
  closeDescriptor(fd)
})

test('importing the kernel modules loads no native code', () => {
  const table = new URL('../../lib/linux/table/route-table.ts', import.meta.url)
  const script = `
    await import(${JSON.stringify(table.href)})
    const maps = (await import('node:fs')).readFileSync('/proc/self/maps', 'utf8')
    process.exit(maps.includes('koffi') ? 1 : 0)`
  assert.equal(spawnSync(process.execPath, ['--input-type=module', '-e', script]).status, 0)
})
