import { describe, test } from 'node:test'
import { BigIpLab } from '../bigip-lab.ts'
import { cannotInteroperate } from '../daemons.ts'
import { sessionsStay } from './sessions.ts'

// podpeer itself as BIG-IP's BGP daemon has its turn in bgp.test.ts
describe('a lab in mode bgp', { skip: cannotInteroperate() }, () => {
  for (const router of ['frr', 'bird'] as const)
    test(`whose BIG-IP has ${router}: every session is up at both ends, and none flaps when another node goes and comes back`, async () => {
      await using lab = await BigIpLab.start({ router })
      await sessionsStay(lab)
    })
})
