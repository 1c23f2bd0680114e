import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { WorldFault } from '../../lib/base/failure.ts'
import { HOST_ROOT, KeptSysctls, readSysctl, renderSysctl, type Sysctl, writeSysctl } from '../../lib/linux/sysctl.ts'
import { runInContainer } from './container.ts'
import { makeNamespace, noNamespaces } from './netns.ts'

const options = { skip: noNamespaces ?? false }

const LIB = join(import.meta.dirname, '../../lib')

/** A device with a dot in its name, as flannel's has. */
const LINK = 'flannel.1'
const DELAY: Sysctl = { name: `net/ipv4/neigh/${LINK}/proxy_delay`, value: '0' }
const PROXY: Sysctl = { name: `net/ipv6/conf/${LINK}/proxy_ndp`, value: '1' }
/** As deploy/answers mounts it. */
const MOUNT = `${HOST_ROOT}/net`
/** What the kernel gives a device. */
const DEFAULTS = ['80', '0']

function bench(context: TestContext) {
  const namespace = makeNamespace()
  const folder = mkdtempSync(join(tmpdir(), 'podpeer-sysctl-'))
  context.after(() => {
    namespace[Symbol.dispose]()
    rmSync(folder, { recursive: true })
  })
  const path = join(folder, 'run', 'sysctls.json')
  const make = () => namespace.ip(`link add ${LINK} type veth peer name other`)
  make()
  return {
    ...{ namespace, folder, path, make },
    /** A process that starts. */
    open: () => {
      const kept = new KeptSysctls(path)
      return (wanted: readonly Sysctl[], sweep = false) => namespace.run(() => kept.keep(wanted, sweep))
    },
    values: () => namespace.run(() => [DELAY, PROXY].map(({ name }) => readSysctl(name))),
    set: (sysctl: Sysctl, value: string) => namespace.run(() => writeSysctl({ ...sysctl, value })),
  }
}

test('names are told as sysctl wants them, with dots of links exchanged', () => {
  assert.equal(renderSysctl(DELAY.name), 'net.ipv4.neigh.flannel/1.proxy_delay')
})

test('settings are set, and are put back as they were when they are wanted no more', options, context => {
  const { open, values, set } = bench(context)
  set(DELAY, '40')
  const keep = open()
  assert.deepEqual(keep([DELAY, PROXY]), [])
  assert.deepEqual(values(), ['0', '1'])
  assert.deepEqual(keep([PROXY]), [])
  assert.deepEqual(values(), ['40', '1'])
  keep([])
  assert.deepEqual(values(), ['40', '0'])
})

test(
  'what they were survives a kill: who comes after puts them back, but only when told that it knows all',
  options,
  context => {
    const { open, values } = bench(context)
    open()([DELAY, PROXY])
    const keep = open()
    keep([])
    assert.deepEqual(values(), ['0', '1'], 'not known yet whether they are wanted')
    keep([], true)
    assert.deepEqual(values(), DEFAULTS)
  },
)

test(
  'what somebody else sets meanwhile is set again, and is what is put back; what he sets afterwards is his',
  options,
  context => {
    const { open, values, set } = bench(context)
    const keep = open()
    keep([DELAY, PROXY])
    set(DELAY, '60')
    keep([DELAY, PROXY])
    assert.deepEqual(values(), ['0', '1'])
    keep([PROXY])
    assert.deepEqual(values(), ['60', '1'])
    keep([DELAY, PROXY])
    set(DELAY, '20')
    keep([])
    assert.deepEqual(values(), ['20', '0'])
  },
)

test('a setting that was so already is left so', options, context => {
  const { open, values, set } = bench(context)
  set(PROXY, '1')
  const keep = open()
  keep([PROXY])
  keep([], true)
  assert.equal(values()[1], '1')
})

test('a device that goes and comes gets them again, with what it has by itself kept', options, context => {
  const { namespace, make, open, values, path } = bench(context)
  const keep = open()
  keep([DELAY, PROXY])
  namespace.ip(`link del ${LINK}`)
  assert.deepEqual(keep([DELAY, PROXY]), [])
  assert.equal(readFileSync(path, 'utf8'), '{}\n')
  make()
  assert.deepEqual(values(), DEFAULTS)
  keep([DELAY, PROXY])
  assert.deepEqual(values(), ['0', '1'])
  keep([])
  assert.deepEqual(values(), DEFAULTS)
})

test('nothing is set where what it was cannot be kept', options, context => {
  const { open, values, folder } = bench(context)
  // where a folder has to be
  writeFileSync(join(folder, 'run'), '')
  const [first = '', ...more] = open()([DELAY, PROXY])
  assert.match(first, /sysctls\.json cannot be written: ENOTDIR|EEXIST/)
  assert.equal(more.length, 1)
  assert.deepEqual(values(), DEFAULTS)
})

test('a file that nobody can read is as none, and without anything to do none is written', options, context => {
  const { open, values, path } = bench(context)
  open()([], true)
  assert.equal(existsSync(path), false)
  open()([PROXY])
  writeFileSync(path, '{"broken')
  assert.deepEqual(open()([], true), [])
  assert.equal(values()[1], '1')
})

test('a setting of a device that is not there is a fault that says so', options, context => {
  const { namespace } = bench(context)
  assert.throws(
    () => namespace.run(() => readSysctl('net/ipv4/conf/nobody/proxy_arp')),
    (thrown: unknown) => thrown instanceof WorldFault && thrown.code === 'ENOENT',
  )
})

test(
  'in a container, where /proc/sys is read-only, a setting goes through the mount of its host’s, or that is asked for',
  options,
  context => {
    const { namespace, values } = bench(context)
    const [faults, sysctls] = ['base/failure.ts', 'linux/sysctl.ts'].map(path => JSON.stringify(join(LIB, path)))
    const source = `
    import { WorldFault } from ${faults}
    import { writeSysctl } from ${sysctls}
    try {
      writeSysctl(${JSON.stringify(DELAY)})
      console.log('set')
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      console.log(thrown.message)
    }`
    const without = runInContainer({ namespace: namespace.name, source })
    assert.deepEqual([without.stderr, without.status], ['', 0])
    assert.match(
      without.stdout,
      /^net\.ipv4\.neigh\.flannel\/1\.proxy_delay cannot be set to 0, .* mount the host's \/proc\/sys\/net at \/host\/proc\/sys\/net: EROFS$/m,
    )
    assert.deepEqual(values(), DEFAULTS)
    const { stdout, stderr } = runInContainer({ namespace: namespace.name, source, mount: MOUNT })
    assert.deepEqual([stdout, stderr], ['set\n', ''])
    assert.deepEqual(values(), ['0', '0'])
  },
)
