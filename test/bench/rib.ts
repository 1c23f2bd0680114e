/** Learning and selecting, with nobody to tell. */
import { Engine, type EnginePeer } from './engine.ts'
import { Feed } from './feed.ts'
import type { Prepared, Row } from './row.ts'

const million = 1_000_000
const feed = (prefixes: number, attributeSeed: number, percent6 = 0) =>
  new Feed({
    prefixes,
    percent6,
    feederAs: 65101 + attributeSeed,
    nextHop: 0x0a010101 + attributeSeed,
    seed: 1,
    attributeSeed,
  })

/** Ten peers with the same prefixes and one that is told of them. @param told routes */
function tenFeeders(receiver: EnginePeer, told: number): Prepared {
  const engine = new Engine(65000)
  const feeders = Array.from({ length: 10 }, (_, at) => ({
    stream: feed(million / 10, at).announcements(),
    session: engine.connect({ name: `f${at}`, asNumber: 65101 + at, address: `10.1.1.${1 + at}` }),
  }))
  const sink = engine.connect(receiver)
  return {
    run() {
      const longest = Math.max(...feeders.map(({ stream }) => stream.length))
      for (let at = 0; at < longest; at += 65_536) {
        for (const { stream, session } of feeders)
          if (at < stream.length) session.receive(stream.subarray(at, Math.min(at + 65_536, stream.length)))
        engine.turn()
      }
      engine.settle()
    },
    check: () => engine.rib.sizes().paths === million && engine.rib.counts(sink.number, 4).advertised === told,
  }
}

export const ribRows: readonly Row[] = [
  {
    name: 'rib-learn',
    title: '1,000,000 prefixes from one peer, learned and decided',
    unit: 'prefix',
    count: million,
    prepare() {
      const stream = feed(million, 0).announcements()
      const engine = new Engine(65000)
      const session = engine.connect({ name: 'feeder', asNumber: 65101, address: '10.1.1.1' })
      return {
        run: () => session.load(stream),
        check: () => engine.rib.counts(session.number, 4).accepted === million && engine.sentOctets < 100,
      }
    },
  },
  {
    name: 'rib-best',
    title: '10 peers × the same 100,000 prefixes, interleaved, the best one chosen and sent to an eleventh (S2)',
    unit: 'prefix',
    count: million,
    prepare: () => tenFeeders({ name: 'sink', asNumber: 64512, address: '10.2.1.1' }, million / 10),
  },
  {
    name: 'rib-paths',
    title:
      '10 peers × the same 100,000 prefixes, interleaved, the four best paths of each sent to an eleventh (RFC 7911)',
    unit: 'path',
    count: million,
    prepare: () => tenFeeders({ name: 'sink', asNumber: 64512, address: '10.2.1.1', paths: 4 }, (4 * million) / 10),
  },
  {
    name: 'rib-withdraw',
    title: '1,000,000 prefixes withdrawn, all memory given back',
    unit: 'prefix',
    count: million,
    prepare() {
      const table = feed(million, 0)
      const engine = new Engine(65000)
      const session = engine.connect({ name: 'feeder', asNumber: 65101, address: '10.1.1.1' })
      session.load(table.announcements())
      const stream = table.withdrawals()
      return {
        run: () => session.load(stream),
        check: () => engine.rib.sizes().prefixCapacity <= 128 && engine.rib.sizes().attributeOctets === 0,
      }
    },
  },
  {
    name: 'rib-flush',
    title: 'a session with 1,000,000 prefixes goes down',
    unit: 'prefix',
    count: million,
    prepare() {
      const engine = new Engine(65000)
      const session = engine.connect({ name: 'feeder', asNumber: 65101, address: '10.1.1.1' })
      session.load(feed(million, 0).announcements())
      return {
        run() {
          engine.rib.leave(session.number)
          engine.rib.flush(session.number, 4)
          engine.settle()
        },
        check: () => engine.rib.sizes().prefixCapacity <= 128,
      }
    },
  },
]
