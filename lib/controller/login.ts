/**
 * Where a device is, whom we are to it, and whom we take for it: Secrets and files → values. Secrets are read by name, with get
 * alone, when a connection is made and before each login, and with the facts where they say the address, so that a new password
 * or url is used without a restart. No text of a fault holds what was read.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputFault, WorldFault } from '../base/failure.ts'
import type { BigIp } from '../bigip/resource.ts'
import type { KubeWriter } from '../kube/writer.ts'

export interface Login {
  readonly username: string
  readonly password: string
  /** Counts where the unit has no address. */
  readonly url?: string
  /** PEM: what signed the device's certificate. */
  readonly ca?: string
}

/** @throws ApiFault, WorldFault; InputFault that names what is missing where */
export type LoginSource = (bigIp: BigIp) => Promise<Login>

export interface SecretStore {
  readonly writer: Pick<KubeWriter, 'get'>
  readonly namespace: string
}

/** As `spec.credentials` and `spec.tls` say. @param secrets absent: without a cluster, where files are all there is */
export function declaredLogin(secrets: SecretStore | undefined): LoginSource {
  return async bigIp => {
    const { credentials, tls } = bigIp.spec
    const [said, ca] = await Promise.all([
      credentials.directory === undefined
        ? secretData(secrets, credentials.secret!, LOGIN)
        : directoryData(credentials.directory),
      authority(secrets, tls),
    ])
    const url = said('url')
    return {
      username: said('username') ?? said.missing('username'),
      password: said('password') ?? said.missing('password'),
      ...(url !== undefined && { url }),
      ...(ca !== undefined && { ca }),
    }
  }
}

/** What a Secret, or a directory, is to hold. */
interface Content {
  /** The field that names it. */
  readonly path: string
  /** For `kubectl create secret generic`. */
  readonly literals: string
  readonly needs: string
}

const LOGIN: Content = {
  path: 'spec.credentials.secret',
  literals: '--from-literal=url=https://… --from-literal=username=… --from-file=password=…',
  needs: 'it needs username and password, and url where the unit has no address',
}
const AUTHORITY: Content = {
  path: 'spec.tls.caSecret',
  literals: '--from-file=ca.crt=…',
  needs: "it needs ca.crt: what signed the device's certificate, in PEM",
}

interface Data {
  (key: string): string | undefined
  missing(key: string): never
}

async function authority(secrets: SecretStore | undefined, tls: BigIp['spec']['tls']): Promise<string | undefined> {
  if (tls.caFile !== undefined) return await fileText(tls.caFile)
  if (tls.caSecret === undefined) return undefined
  const said = await secretData(secrets, tls.caSecret, AUTHORITY)
  return said('ca.crt') ?? said.missing('ca.crt')
}

async function secretData(secrets: SecretStore | undefined, name: string, content: Content): Promise<Data> {
  const { path, literals } = content
  if (secrets === undefined)
    throw new InputFault(path, 'there is no cluster to read a Secret from', 'write credentials.directory, tls.caFile')
  const { writer, namespace } = secrets
  const secret = await writer.get(`/api/v1/namespaces/${namespace}/secrets/${encodeURIComponent(name)}`)
  if (secret === undefined)
    throw new InputFault(
      path,
      `there is no Secret ${namespace}/${name}`,
      `kubectl -n ${namespace} create secret generic ${name} ${literals}`,
    )
  const data = (secret['data'] ?? {}) as Readonly<Record<string, string>>
  const text = (key: string) => {
    const value = data[key]
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString().trim()
  }
  return dataOf(text, `Secret ${namespace}/${name} (${path})`, content)
}

async function directoryData(directory: string): Promise<Data> {
  const files = await Promise.all(
    ['url', 'username', 'password'].map(async key => [key, await optionalText(join(directory, key))] as const),
  )
  const texts = new Map(files)
  return dataOf(key => texts.get(key), `${directory} (spec.credentials.directory)`, LOGIN)
}

function dataOf(text: (key: string) => string | undefined, where: string, { needs }: Content): Data {
  const missing = (key: string): never => {
    throw new InputFault(where, `it has no ${key}`, needs)
  }
  return Object.assign((key: string) => text(key) || undefined, { missing })
}

async function optionalText(path: string): Promise<string | undefined> {
  try {
    return await fileText(path)
  } catch (thrown) {
    if (thrown instanceof WorldFault && thrown.code === 'ENOENT') return undefined
    throw thrown
  }
}

async function fileText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (thrown) {
    const { code = 'FILE' } = thrown as NodeJS.ErrnoException
    throw new WorldFault(code, `${path} cannot be read: ${code}`, { retry: true })
  }
}
