/** Whole ways through the engine: octets of some peers in, octets to others out. */
import { Engine, type EngineSession } from './engine.ts'
import { Feed, tenth } from './feed.ts'
import { meshNextHop, meshUpdate } from './routers/mesh.ts'
import type { Prepared, Row } from './row.ts'

const million = 1_000_000
const feeder = { name: 'feeder', asNumber: 65101, address: '10.1.1.1' }

/** One feeder and some receivers, loaded by the clock. */
function oneToMany(prefixes: number, percent6: number, receivers: number): Prepared {
  const options = { prefixes, percent6, feederAs: 65101, nextHop: 0x0a010101, seed: 1, attributeSeed: 1 }
  const stream = new Feed(options).announcements()
  const engine = new Engine(65000)
  const from = engine.connect(feeder)
  const to = Array.from({ length: receivers }, (_, at) =>
    engine.connect({ name: `sink${at}`, asNumber: 64512, address: `10.2.${at >> 8}.${at & 255}` }),
  )
  return { run: () => from.load(stream), check: () => to.every(session => advertised(engine, session) === prefixes) }
}

/** Route reflector clients that each announce some prefixes and must get all others'. */
function mesh(clients: number, prefixes: number): Prepared {
  const engine = new Engine(65000)
  const sessions = Array.from({ length: clients }, (_, at) =>
    engine.connect({ name: `c${at}`, asNumber: 65000, address: meshNextHop(at), client: true }),
  )
  const streams = sessions.map((_, at) => meshUpdate(at, prefixes))
  return {
    run() {
      // as many sockets are read in one turn as have something to say
      for (let at = 0; at < clients; at += 50) {
        for (let one = at; one < Math.min(at + 50, clients); one++) sessions[one]!.receive(streams[one]!)
        engine.turn()
      }
      engine.settle()
    },
    check: () => sessions.every(session => advertised(engine, session) === (clients - 1) * prefixes),
  }
}

function advertised(engine: Engine, session: EngineSession): number {
  return engine.rib.counts(session.number, 4).advertised + engine.rib.counts(session.number, 6).advertised
}

export const exportRows: readonly Row[] = [
  {
    name: 'export-1m',
    title: '1,000,000 prefixes from one peer to another (S1)',
    unit: 'prefix',
    count: million,
    prepare: () => oneToMany(million, 0, 1),
  },
  {
    name: 'export-v6',
    title: '300,000 prefixes, half of them IPv6, from one peer to another (S6)',
    unit: 'prefix',
    count: 300_000,
    prepare: () => oneToMany(300_000, 50, 1),
  },
  {
    name: 'export-10',
    title: '1,000,000 prefixes from one peer to 10',
    unit: 'prefix',
    count: million,
    prepare: () => oneToMany(million, 0, 10),
  },
  {
    name: 'export-100',
    title: '1,000,000 prefixes from one peer to 100',
    unit: 'prefix',
    count: million,
    prepare: () => oneToMany(million, 0, 100),
  },
  {
    name: 'mesh-100',
    title: '100 route reflector clients × 64 prefixes, all to all (S3)',
    unit: 'prefix',
    count: 6400,
    prepare: () => mesh(100, 64),
  },
  {
    name: 'mesh-1000',
    title: '1,000 route reflector clients × 1 prefix, all to all (S4)',
    unit: 'prefix',
    count: 1000,
    prepare: () => mesh(1000, 1),
  },
  {
    name: 'flap',
    title: '10 % of 500,000 prefixes withdrawn and announced again, 5 rounds, to one peer (S5)',
    unit: 'prefix',
    count: 500_000,
    prepare() {
      const options = {
        prefixes: 500_000,
        percent6: 0,
        feederAs: 65101,
        nextHop: 0x0a010101,
        seed: 1,
        attributeSeed: 1,
      }
      const feed = new Feed(options)
      const engine = new Engine(65000)
      const from = engine.connect(feeder)
      const to = engine.connect({ name: 'sink', asNumber: 64512, address: '10.2.1.1' })
      from.load(feed.announcements())
      const [down, up] = [feed.withdrawals(tenth), feed.announcements(tenth)]
      return {
        run() {
          for (let round = 0; round < 5; round++) {
            from.load(down)
            from.load(up)
          }
        },
        check: () => advertised(engine, to) === 500_000,
      }
    },
  },
  {
    name: 'join',
    title: 'a peer joins when 1,000,000 prefixes are there and another peer has them all',
    unit: 'prefix',
    count: million,
    prepare() {
      const loaded = oneToManyLoaded()
      let joined: EngineSession
      return {
        run() {
          joined = loaded.connect({ name: 'late', asNumber: 64512, address: '10.2.9.9' })
          loaded.settle()
        },
        check: () => advertised(loaded, joined) === million,
      }
    },
  },
]

function oneToManyLoaded(): Engine {
  const options = { prefixes: million, percent6: 0, feederAs: 65101, nextHop: 0x0a010101, seed: 1, attributeSeed: 1 }
  const engine = new Engine(65000)
  const from = engine.connect(feeder)
  engine.connect({ name: 'sink', asNumber: 64512, address: '10.2.1.1' })
  from.load(new Feed(options).announcements())
  return engine
}
