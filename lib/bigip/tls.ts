/**
 * Whom we take for the device: one whose certificate a CA signed for its address, or exactly the one that was pinned. Nothing
 * of ours is sent before that is judged. Knows no HTTP.
 */
import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { buildConnector } from 'undici'
import { InputFault } from '../base/failure.ts'

/** At most one of them; the CAs that Node knows where none is said. */
export interface TlsOptions {
  /** PEM, one or several certificates. */
  readonly ca?: string
  /** `sha256:` and 64 hex digits, colons between octets or not, of the device's certificate (a BIG-IP signs its own). */
  readonly fingerprint?: string
  /** Any certificate will do: whoever sits on the way can read the password. */
  readonly insecure?: true
}

/** @throws InputFault for options that contradict each other or cannot be read */
export function connectorOf(tls: TlsOptions): buildConnector.connector {
  const { ca, fingerprint, insecure } = tls
  if ([ca, fingerprint, insecure].filter(one => one !== undefined).length > 1)
    throw new InputFault('tls', 'several ways to know the device', 'say one of ca, fingerprint and insecure')
  const common = { allowH2: false, timeout: CONNECT_TIMEOUT }
  if (ca !== undefined) return buildConnector({ ...common, ca: checkedCa(ca) })
  if (insecure) return buildConnector({ ...common, rejectUnauthorized: false })
  if (fingerprint !== undefined) return pinned(parseFingerprint(fingerprint), common)
  return buildConnector(common)
}

/** Milliseconds for TCP and TLS. */
const CONNECT_TIMEOUT = 10_000

/** A signature proves nothing here, the certificate itself does: a resumed TLS session would show none, so none is kept. */
function pinned(fingerprint: string, common: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({ ...common, rejectUnauthorized: false, maxCachedSessions: 0 })
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null)
      const shown = (socket as TLSSocket).getPeerCertificate().fingerprint256
      if (shown === fingerprint) return callback(null, socket)
      socket.destroy()
      callback(new CertificateMismatch(`the certificate is sha256:${shown}, pinned is sha256:${fingerprint}`), null)
    })
}

class CertificateMismatch extends Error {}

/** `AB:CD:…`, as Node tells it. @throws InputFault */
function parseFingerprint(text: string): string {
  const digits = text.replace(/^sha256:/i, '').replaceAll(':', '')
  if (!/^[0-9a-f]{64}$/i.test(digits))
    throw new InputFault('tls.fingerprint', 'not a SHA-256 fingerprint', 'write sha256: and 64 hexadecimal digits')
  return digits.toUpperCase().match(/../g)!.join(':')
}

/** @throws InputFault */
function checkedCa(ca: string): string {
  try {
    void new X509Certificate(ca)
    return ca
  } catch {
    throw new InputFault('tls.ca', 'no certificate', 'give one or several certificates in PEM')
  }
}

/** The codes of OpenSSL's verdicts (x509_vfy.h) begin so, and Node's own about names. */
const VERDICT =
  /^(CERT_|CRL_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/

/** Whether a connection failed because of the certificate that the other side showed. */
export function isCertificateVerdict(cause: unknown): boolean {
  return cause instanceof CertificateMismatch || VERDICT.test(String((cause as { code?: unknown } | undefined)?.code))
}
