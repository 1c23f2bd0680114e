/** Whom the client takes for the device, and where it looks for it. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { BigIpClient } from '../../../lib/bigip/client.ts'
import { parseOrigin } from '../../../lib/bigip/exchange.ts'
import { isDeviceFault } from '../../../lib/bigip/fault.ts'
import type { TlsOptions } from '../../../lib/bigip/tls.ts'
import { Authority } from '../../kube/certificates.ts'
import { PlayedDevice } from './played-device.ts'

const ARP = '/mgmt/tm/net/arp'

/** As `openssl x509 -fingerprint -sha256` would tell it. */
function fingerprintOf(device: PlayedDevice): Promise<string> {
  const { hostname, port } = new URL(device.url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw).fingerprint256)
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

async function assertDistrusted(device: PlayedDevice, tls: TlsOptions, words: RegExp): Promise<void> {
  await assert.rejects(device.client({ tls }).get(ARP), thrown => {
    assert.ok(isDeviceFault(thrown, 'BIGIP_CERTIFICATE'), String(thrown))
    assert.match(thrown.message, words)
    return true
  })
  assert.deepEqual(device.tokens, [], 'no password was sent')
}

test('a certificate of a CA that is not known is not trusted', async () => {
  await using device = await PlayedDevice.start()
  await assertDistrusted(device, {}, /certificate not trusted/)
  await assertDistrusted(device, { ca: (await Authority.create()).pem }, /certificate not trusted/)
})

test('a certificate for another address is not trusted', async () => {
  await using device = await PlayedDevice.start()
  const url = device.url.replace('127.0.0.1', 'localhost')
  await assert.rejects(device.client({ url }).get(ARP), thrown => isDeviceFault(thrown, 'BIGIP_CERTIFICATE'))
})

test('the CA that is named is trusted, and the certificate that is pinned, and any where that is said', async () => {
  await using device = await PlayedDevice.start()
  const fingerprint = await fingerprintOf(device)
  for (const tls of [
    { ca: device.ca },
    { fingerprint },
    { fingerprint: `sha256:${fingerprint.replaceAll(':', '').toLowerCase()}` },
    { insecure: true },
  ] as const)
    await device.client({ tls }).get(ARP)
})

test('another certificate than the pinned one is not trusted, and both are told', async () => {
  await using device = await PlayedDevice.start()
  const shown = await fingerprintOf(device)
  await assertDistrusted(device, { fingerprint: 'ab'.repeat(32) }, new RegExp(`sha256:${shown}.*sha256:AB:AB`))
})

test('options that cannot be read are refused by their names', () => {
  const make = (tls: TlsOptions) => () =>
    new BigIpClient({ url: '192.0.2.10', tls, credentials: () => assert.fail('not asked') })
  assert.throws(make({ ca: 'no PEM' }), { path: 'tls.ca' })
  assert.throws(make({ fingerprint: 'sha1:ab' }), { path: 'tls.fingerprint' })
  assert.throws(make({ fingerprint: 'ab'.repeat(32), insecure: true }), { path: 'tls' })
})

test('a device is found by address, name, port or URL', () => {
  assert.equal(parseOrigin('192.0.2.10'), 'https://192.0.2.10')
  assert.equal(parseOrigin('bigip.example:8443'), 'https://bigip.example:8443')
  assert.equal(parseOrigin('https://192.0.2.10:443/'), 'https://192.0.2.10')
  assert.equal(parseOrigin('2001:db8::1'), 'https://[2001:db8::1]')
  assert.equal(parseOrigin('[2001:db8::1]:8443'), 'https://[2001:db8::1]:8443')
})

test('what is no place of a device is refused without quoting it, for it may hold a password', () => {
  for (const text of ['', 'http://192.0.2.10', 'https://admin:sesame@192.0.2.10', 'https://192.0.2.10/mgmt', 'a b'])
    assert.throws(
      () => parseOrigin(text, 'spec.units[0].address'),
      (thrown: Error & { path?: string }) => thrown.path === 'spec.units[0].address' && !/sesame/.test(thrown.message),
    )
})
