/** Watches: what they tell, from where, for how long, and what they refuse. */
import { type Case, MERGE } from '../scene.ts'

const map = (name: string, data: Record<string, string> = {}) => ({ metadata: { name }, data })

export const watchCases: readonly Case[] = [
  {
    name: 'a watch tells what is there and what happens',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.quietly('POST', maps, map('one'))
      const watch = await scene.watch(`${maps}?watch=1`)
      await scene.told(watch, 1)
      await scene.ask('POST', maps, map('two'))
      await scene.patch(`${maps}/one`, MERGE, { data: { a: 'b' } })
      await scene.patch(`${maps}/one`, MERGE, { data: { a: 'b' } })
      await scene.ask('DELETE', `${maps}/two`)
      await scene.told(watch, 4)
    },
  },
  {
    name: 'a watch resumes from a version',
    play: async scene => {
      const maps = scene.path('configmaps')
      const { body } = await scene.ask('POST', maps, map('one'))
      await scene.quietly('POST', maps, map('two'))
      await scene.quietly('DELETE', `${maps}/one`)
      const watch = await scene.watch(`${maps}?watch=true&resourceVersion=${body.metadata.resourceVersion}`)
      await scene.told(watch, 2)
    },
  },
  {
    name: 'a watch of a selection',
    play: async scene => {
      const maps = scene.path('configmaps')
      const edge = { metadata: { labels: { role: 'edge' } } }
      await scene.quietly('POST', maps, { metadata: { name: 'one', labels: { role: 'edge' } } })
      await scene.quietly('POST', maps, map('two'))
      const watch = await scene.watch(`${maps}?watch=1&labelSelector=role%3Dedge`)
      await scene.told(watch, 1)
      await scene.patch(`${maps}/two`, MERGE, edge)
      await scene.patch(`${maps}/one`, MERGE, { metadata: { labels: null }, data: { gone: 'yes' } })
      await scene.patch(`${maps}/one`, MERGE, { data: { still: 'gone' } })
      await scene.ask('DELETE', `${maps}/two`)
      await scene.told(watch, 4)
    },
  },
  {
    name: 'a watch of one name',
    play: async scene => {
      const maps = scene.path('configmaps')
      const watch = await scene.watch(`${maps}?watch=1&fieldSelector=metadata.name%3Dtwo`)
      await scene.quietly('POST', maps, map('one'))
      await scene.quietly('POST', maps, map('two'))
      await scene.told(watch, 1)
      await scene.get(`${maps}/two?watch=1`)
    },
  },
  {
    name: 'finalizers in a watch',
    play: async scene => {
      const maps = scene.path('configmaps')
      const watch = await scene.watch(`${maps}?watch=1`)
      await scene.quietly('POST', maps, { metadata: { name: 'held', finalizers: ['example.com/hold'] } })
      await scene.quietly('DELETE', `${maps}/held`)
      await scene.quietly('PATCH', `${maps}/held`, { metadata: { finalizers: null } }, { type: MERGE })
      await scene.told(watch, 3)
    },
  },
  {
    name: 'a watch from a forgotten version',
    play: async scene => {
      await scene.quietly('POST', scene.path('configmaps'), map('one'))
      await scene.forget()
      // the real server keeps no cache of events: it has to ask what forgets
      const watch = await scene.watch(`${scene.path('events')}?watch=1&resourceVersion=1`)
      await scene.told(watch, 'end')
    },
  },
  {
    name: 'a watch from a version to come',
    play: async scene => {
      const watch = await scene.watch('/api/v1/nodes?watch=1&resourceVersion=1000000000&timeoutSeconds=1')
      await scene.told(watch, 'end')
    },
  },
  {
    name: 'watches that are refused',
    play: async scene => {
      await scene.get('/api/v1/nodes?watch=1&resourceVersion=nonsense')
      await scene.get('/api/v1/nodes?watch=1&labelSelector=%3D')
      await scene.get('/api/v1/nodes?watch=1&fieldSelector=spec.foo%3Dx')
      await scene.get('/api/v1/nodes?watch=1&timeoutSeconds=nonsense')
      await scene.told(await scene.watch('/api/v1/nodes?watch=nonsense&timeoutSeconds=1'), 'end')
    },
  },
  {
    name: 'a bookmark before the end',
    play: async scene => {
      const maps = scene.path('configmaps')
      const { body } = await scene.ask('POST', maps, map('one'))
      const query = `watch=1&resourceVersion=${body.metadata.resourceVersion}&timeoutSeconds=2`
      const silent = await scene.watch(`${maps}?${query}`)
      const asked = await scene.watch(`${maps}?${query}&allowWatchBookmarks=true`)
      await scene.told(silent, 'end')
      await scene.told(asked, 'end')
    },
  },
  {
    name: 'the old path of watches',
    play: async scene => {
      const maps = `/api/v1/watch/namespaces/${scene.namespace}/configmaps`
      await scene.quietly('POST', scene.path('configmaps'), map('one'))
      const watch = await scene.watch(maps)
      await scene.told(watch, 1)
    },
  },
  {
    name: 'the first events of a watch are marked',
    since: 32,
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.quietly('POST', maps, map('one'))
      const query = 'watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan'
      await scene.told(await scene.watch(`${maps}?${query}`), 2)
    },
  },
]
