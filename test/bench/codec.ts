/** The codec alone: octets to fields and back, with no table behind. */
import { Framer } from '../../bgp/wire/framer.ts'
import { UpdateReader } from '../../bgp/wire/update-reader.ts'
import { UpdateWriter } from '../../bgp/wire/update-writer.ts'
import { plainContext, plainForm } from '../bgp/wire/plain-session.ts'
import { Feed } from './feed.ts'
import type { Row } from './row.ts'

const prefixes = 1_000_000
const feed = () =>
  new Feed({ prefixes, percent6: 0, feederAs: 65101, nextHop: 0x0a010101, seed: 1, attributeSeed: 1 }).announcements()

export const codecRows: readonly Row[] = [
  {
    name: 'codec-read',
    title: 'UPDATEs of 1,000,000 prefixes framed, judged and made canonical',
    unit: 'prefix',
    count: prefixes,
    prepare() {
      const stream = feed()
      const framer = new Framer()
      const reader = new UpdateReader(
        plainContext({ fourOctetAs: true, internal: false, families: [4, 6], localAs: 65000, peerAs: 65101 }),
      )
      let octets = 0
      return {
        run() {
          framer.push(stream)
          while (framer.next()) {
            reader.read(framer.buffer, framer.start, framer.end)
            octets += reader.nlriEnd - reader.nlriStart
          }
        },
        check: () => octets > 3 * prefixes && octets < 5 * prefixes,
      }
    },
  },
  {
    name: 'codec-write',
    title: '1,000,000 prefixes packed, 5 to an attribute set',
    unit: 'prefix',
    count: prefixes,
    prepare() {
      const attributes = Uint8Array.of(0x40, 1, 1, 0, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1)
      const nextHop = Uint8Array.of(10, 1, 0, 1)
      const prefix = new Uint8Array(4)
      const writer = new UpdateWriter()
      const form = plainForm(4)
      let octets = 0
      return {
        run() {
          for (let at = 0; at < prefixes; at += 5) {
            writer.announce(attributes, 0, attributes.length, nextHop, form)
            for (let one = at; one < at + 5; one++) {
              prefix[0] = one >>> 16
              prefix[1] = one >>> 8
              prefix[2] = one
              writer.add(prefix, 0, 24)
            }
            writer.finish()
            if (writer.length > 65_536) octets += writer.take().length
          }
          octets += writer.take().length
        },
        check: () => octets === (prefixes / 5) * (23 + attributes.length + 7 + 5 * 4),
      }
    },
  },
]
