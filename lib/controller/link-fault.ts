/**
 * Why a device cannot be asked, told to who wrote the BIGIP object: a fault of the device or of what leads to it, with the field
 * that is to be looked at. Pure. Rule: names of Secrets and files are told, never what they hold.
 */
import { InputFault, type WorldFault } from '../base/failure.ts'
import { type DeviceFaultCode, isDeviceFault } from '../bigip/fault.ts'
import type { BigIpSpec, UnitSpec } from '../bigip/resource.ts'

/** What says how to reach a device. */
export interface LinkTerms {
  readonly spec: Pick<BigIpSpec, 'credentials' | 'tls'>
  readonly unit: Pick<UnitSpec, 'address' | 'fingerprint'>
}

/** @param url of the device, where it is known */
export function explained<F extends WorldFault | InputFault>(
  fault: F,
  terms: LinkTerms,
  url: string | undefined,
): F | WorldFault | InputFault {
  if (fault instanceof InputFault)
    return fault.path === 'tls.ca' ? new InputFault(authorityOf(terms), 'no certificate in PEM', fault.fix) : fault
  if (!isDeviceFault(fault)) return fault
  const remedy = REMEDIES[fault.code]?.(terms, url)
  return remedy === undefined ? fault : fault.retold({ message: `${fault.message}; ${remedy}` })
}

const REMEDIES: Partial<Record<DeviceFaultCode, (terms: LinkTerms, url: string | undefined) => string>> = {
  BIGIP_CERTIFICATE: ({ unit, spec }) => {
    if (unit.fingerprint !== undefined)
      return 'if that certificate is right, write its fingerprint as spec.units[].fingerprint'
    const { caSecret, caFile } = spec.tls
    const signed = (caSecret ?? caFile) === undefined ? 'write spec.tls.caSecret' : `correct ${authorityOf({ spec })}`
    return `${signed}, whose ca.crt signed it, or write spec.units[].fingerprint`
  },
  BIGIP_UNAUTHORIZED: ({ spec: { credentials } }) =>
    `correct username and password in ${
      credentials.directory === undefined
        ? `Secret ${credentials.secret} (spec.credentials.secret)`
        : `${credentials.directory} (spec.credentials.directory)`
    }`,
  BIGIP_UNREACHABLE: ({ unit }, url) =>
    `see that ${url ?? 'it'} is reached from here, or correct ${unit.address === undefined ? 'url of the credentials' : 'spec.units[].address'}`,
}

function authorityOf({ spec: { tls } }: Pick<LinkTerms, 'spec'>): string {
  return tls.caFile === undefined ? `Secret ${tls.caSecret} (spec.tls.caSecret)` : `${tls.caFile} (spec.tls.caFile)`
}
