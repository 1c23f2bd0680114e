/** What the controller's control API has: its resources and the parsing of their queries. */
import { InputFault } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import type { Selection } from '../../lib/controller/controller.ts'
import { type Api, apiOf, ok, type Resource } from '../control/dispatch.ts'
import type { ControllerView } from './view.ts'

export function controllerApi(view: ControllerView): Api {
  return apiOf('controller', view, RESOURCES)
}

const SELECTION = ['bigip', 'unit']

const RESOURCES: readonly Resource<ControllerView>[] = [
  { method: 'GET', path: '/v1/status', query: [], answer: async view => ok(await view.status()) },
  {
    method: 'GET',
    path: '/v1/plan',
    query: SELECTION,
    answer: async (view, query) => ok(await view.plan(parseSelection(query))),
  },
  {
    method: 'POST',
    path: '/v1/apply',
    query: [...SELECTION, 'allow'],
    answer: async (view, query) => ok(await view.apply(parseSelection(query), parseAllowance(query.get('allow')))),
  },
  {
    method: 'GET',
    path: '/v1/doctor',
    query: SELECTION,
    answer: async (view, query) => ok(await view.doctor(parseSelection(query))),
  },
  {
    method: 'GET',
    path: '/v1/journeys',
    query: [...SELECTION, 'pod'],
    answer: async (view, query) =>
      ok(await view.journeys(parseAddress(query.get('pod') ?? '', 'pod'), parseSelection(query))),
  },
  {
    method: 'GET',
    path: '/v1/vtep-values',
    query: ['bigip'],
    answer: async (view, query) => ok(await view.vtepValues(parseSelection(query))),
  },
]

/** As the library has it; an empty name is none. */
export function parseSelection(query: URLSearchParams): Selection {
  const bigIp = query.get('bigip')
  const unit = query.get('unit')
  return { ...(bigIp && { bigIp }), ...(unit && { unit }) }
}

/** The token of a refusal, or how many deletions are allowed. @throws InputFault */
export function parseAllowance(text: string | null | undefined): string | number | undefined {
  if (text === null || text === undefined || text === '') return undefined
  if (/^[0-9a-f]{12}$/.test(text)) return text
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InputFault('allow', `"${text}" is neither the token of a refusal nor a number`, 'see `podpeer bigip plan`')
}
