/**
 * Whom we take for the device: a certificate that a CA signed for its address, or exactly the one that was pinned. Nothing of
 * ours is sent before that is judged. Knows no HTTP.
 */
import { connect as tlsConnect } from 'node:tls'
import { InputFault } from '../base/failure.ts'

/** At most one; the CAs that Node knows where none is said. */
export interface TlsOptions {
  /** PEM, one or several certificates. */
  readonly ca?: string
  /** `sha256:` and 64 hex digits, colons between octets or not, of the device's certificate (a BIG-IP signs its own). */
  readonly fingerprint?: string
  /** Any certificate will do: whoever sits on the way can read the password. */
  readonly insecure?: true
}
void tlsConnect
void InputFault
