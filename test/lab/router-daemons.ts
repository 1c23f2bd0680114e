/** The daemons that can play a router, by name. */
import type { RouterDaemon, RouterKind, RouterSpec } from './router.ts'
import { BirdRouter } from './router-bird.ts'
import { birdConfig, frrConfig, podpeerConfig } from './router-config.ts'
import { FrrRouter } from './router-frr.ts'
import { PodpeerRouter, podpeerFiles } from './router-podpeer.ts'
import type { RouterSetup } from './router-setup.ts'

type Place = Omit<RouterSpec, 'config'>

const DAEMONS: { readonly [Kind in RouterKind]: (spec: RouterSpec) => RouterDaemon } = {
  podpeer: spec => new PodpeerRouter(spec),
  frr: spec => new FrrRouter(spec),
  bird: spec => new BirdRouter(spec),
}

export function routerOf(kind: RouterKind, setup: RouterSetup, place: Place): RouterDaemon {
  return DAEMONS[kind]({ ...place, config: routerConfig(kind, setup, place.folder) })
}

/** In the daemon's own language. @param folder where a daemon of this kind keeps its files */
export function routerConfig(kind: RouterKind, setup: RouterSetup, folder: string): string {
  if (kind === 'podpeer') return podpeerConfig(setup, podpeerFiles(folder))
  return kind === 'frr' ? frrConfig(setup) : birdConfig(setup)
}
