/** Serves the BIG-IP stand-in alone, on loopback, for a person with curl: `node test/bigip/main.ts [PORT]`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BigIp } from './big-ip.ts'

const device = await BigIp.start({ port: Number(process.argv[2] ?? 0), routing: 'tmos' })
const folder = mkdtempSync(join(tmpdir(), 'podpeer-bigip-'))
const ca = join(folder, 'ca.pem')
const login = join(folder, 'login')
writeFileSync(ca, device.ca)
writeFileSync(login, `user = "${device.credentials.username}:${device.credentials.password}"\n`, { mode: 0o600 })
console.log(`The BIG-IP stand-in listens on ${device.url}. In another shell:

  curl --cacert ${ca} -K ${login} ${device.url}/mgmt/tm/net/self

Ctrl-C ends it; its objects are gone then.`)

const end = async () => {
  await device.close()
  rmSync(folder, { recursive: true, force: true })
}
process.once('SIGINT', end)
process.once('SIGTERM', end)
