import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InputFault } from '../../../lib/base/failure.ts'
import { DeviceFault, type DeviceFaultCode } from '../../../lib/bigip/fault.ts'
import { explained, type LinkTerms } from '../../../lib/controller/link-fault.ts'

const URL = 'https://192.0.2.10'
const fault = (code: DeviceFaultCode) =>
  new DeviceFault(code, 'it failed', { retry: true, applied: 'no', retryAfter: 7 })
const terms = (spec: object = {}, unit: object = {}) =>
  ({ spec: { credentials: { secret: 'bigip-login' }, tls: {}, ...spec }, unit }) as LinkTerms
const told = (code: DeviceFaultCode, ...of: Parameters<typeof terms>) =>
  explained(fault(code), terms(...of), URL).message

describe('why a device cannot be asked', () => {
  it('names the field that says whom to trust', () => {
    assert.match(
      told('BIGIP_CERTIFICATE'),
      /^it failed; write spec\.tls\.caSecret.*or write spec\.units\[\]\.fingerprint$/,
    )
    assert.match(told('BIGIP_CERTIFICATE', { tls: { caSecret: 'ca' } }), /correct Secret ca \(spec\.tls\.caSecret\)/)
    assert.match(
      told('BIGIP_CERTIFICATE', {}, { fingerprint: 'sha256:00' }),
      /if that certificate is right, write its fin/,
    )
    const unread = explained(new InputFault('tls.ca', 'no certificate', 'fix'), terms({ tls: { caFile: '/ca' } }), URL)
    assert.equal(unread.message, '/ca (spec.tls.caFile): no certificate in PEM; fix')
  })

  it('names where user and password come from, and where the device is looked for', () => {
    assert.match(told('BIGIP_UNAUTHORIZED'), /password in Secret bigip-login \(spec\.credentials\.secret\)$/)
    assert.match(told('BIGIP_UNAUTHORIZED', { credentials: { directory: '/login' } }), /in \/login \(spec\.cred/)
    assert.match(
      told('BIGIP_UNREACHABLE'),
      /see that https:\/\/192\.0\.2\.10 is reached .* correct url of the credentials$/,
    )
    assert.match(told('BIGIP_UNREACHABLE', {}, { address: '192.0.2.10' }), /correct spec\.units\[\]\.address$/)
  })

  it('is told as it is where no field mends it, and keeps when to try again', () => {
    assert.equal(told('BIGIP_BUSY'), 'it failed')
    assert.equal((explained(fault('BIGIP_UNAUTHORIZED'), terms(), URL) as DeviceFault).retryAfter, 7)
  })
})
