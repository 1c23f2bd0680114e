/**
 * A certificate authority of the stand-in's own, and server certificates signed by it. Knows no sockets.
 */
// must come first: @peculiar/x509 refuses to load without it
import 'reflect-metadata'
import type { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY = 86_400_000

export interface ServerCertificate {
  /** PEM. */
  readonly cert: string
  /** PEM, PKCS #8. */
  readonly key: string
}

export class Authority {
  readonly #certificate: X509Certificate
  readonly #keys: webcrypto.CryptoKeyPair

  private constructor(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate
    this.#keys = keys
  }

  static async create(): Promise<Authority> {
    const keys = await makeKeys()
    const certificate = await X509CertificateGenerator.createSelfSigned({
      // who trusts two of them finds the right one by its name
      name: `CN=podpeer test authority ${crypto.randomUUID()}`,
      ...validity(),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    })
    return new Authority(certificate, keys)
  }

  get pem(): string {
    return this.#certificate.toString('pem')
  }

  /** @param names DNS names and IP addresses that clients will call the server by */
  async issue(names: readonly string[]): Promise<ServerCertificate> {
    const keys = await makeKeys()
    const certificate = await X509CertificateGenerator.create({
      subject: 'CN=kube-apiserver',
      issuer: this.#certificate.subject,
      ...validity(),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          names.map(value => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
        ),
      ],
    })
    const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
    return {
      cert: certificate.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${key.replace(/(.{64})(?=.)/g, '$1\n')}\n-----END PRIVATE KEY-----\n`,
    }
  }
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

/** A day of grace backwards: network namespaces share our clock, virtual machines do not. */
function validity() {
  return { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + 365 * DAY) }
}
