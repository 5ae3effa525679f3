import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Client, WatchEvent } from '../kube/client.ts'
import { ApiError } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Resource } from '../kube/resource.ts'
import { systemClock } from './clock.ts'
import type { Logger } from './log.ts'
import { reflect } from './reflector.ts'
import { openStore } from './store.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const things: Resource<KubeObject> = { group: '', version: 'v1', plural: 'things', kind: 'Thing', namespaced: true }
const log: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }

const thing = (name: string, version: number, uid = name): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { namespace: 'n', name, uid, resourceVersion: String(version) },
})
type Event = WatchEvent<KubeObject>
const event = (type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string, version: number, uid?: string): Event => ({
  type,
  object: thing(name, version, uid),
})
const bookmark = (version: number): Event => ({ type: 'BOOKMARK', resourceVersion: String(version), initialEventsEnd: false })
const listed = (version: number): Event => ({ type: 'BOOKMARK', resourceVersion: String(version), initialEventsEnd: true })
const expired = () => new ApiError(410, 'Expired', 'too old resource version')
const unreachable = () => new ApiError(0, 'Unreachable', 'ECONNREFUSED')

/** One connection of the script: events, then an error that breaks it, 'end', or 'hang' until it is called off. */
type Connection = (Event | Error | 'end' | 'hang')[]

/** A server that plays one script per watch, and hangs when it has no more. What it was asked is in `asked`. */
function play(connections: Connection[], pages: (KubeObject[] | Error)[] = []) {
  const asked: string[] = []
  const client: Pick<Client, 'list' | 'watch'> = {
    async list(_, o) {
      asked.push(`list ${o.continue ?? ''} limit=${o.limit}`)
      const page = pages.shift()
      if (page instanceof Error) throw page
      const more = pages.length > 0 && !(pages[0] instanceof Error)
      return { items: (page ?? []) as never[], resourceVersion: '100', ...(more && { continue: 'more' }) }
    },
    async *watch(_, o) {
      asked.push(o.sendInitialEvents ? `stream${o.resourceVersion ?? ''}` : `watch ${o.resourceVersion}`)
      expect(o.timeoutSeconds).toBeGreaterThanOrEqual(300)
      expect(o.timeoutSeconds).toBeLessThanOrEqual(600)
      for (const what of connections.shift() ?? ['hang']) {
        if (what === 'end') return
        if (what === 'hang') {
          await new Promise((_resolve, reject) => {
            if (o.signal.aborted) reject(o.signal.reason)
            o.signal.addEventListener('abort', () => reject(o.signal.reason))
          })
        } else if (what instanceof Error) throw what
        else yield what as never
      }
    },
  }
  const changes: string[] = []
  const sink = openStore<KubeObject>({
    onChange: c => changes.push(`${c.old?.metadata.uid ?? ''}>${c.new?.metadata.uid ?? ''}`),
  })
  const stop = new AbortController()
  let lists = 0
  const running = reflect(
    { client, resource: things, selection: { namespace: 'n' }, sink, log, clock: systemClock, onList: () => lists++ },
    stop.signal,
  )
  const names = () => sink.list().map(o => `${o.metadata.name}@${o.metadata.resourceVersion}`)
  return { asked, changes, sink, names, stop, running, lists: () => lists }
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

test('a streamed list comes into force as a whole, when it is complete', async () => {
  const partial = play([[event('ADDED', 'a', 1), bookmark(1), event('ADDED', 'b', 2), 'hang']])
  await settle()
  expect([partial.sink.hasSynced(), partial.names()]).toEqual([false, []])
  const whole = play([
    [event('ADDED', 'a', 1), event('ADDED', 'b', 2), listed(5), event('MODIFIED', 'a', 6), event('DELETED', 'b', 7), 'hang'],
  ])
  await settle()
  expect([whole.sink.hasSynced(), whole.names(), whole.lists()]).toEqual([true, ['a@6'], 1])
})

test('a stream that breaks before its list is complete is begun anew', async () => {
  const { asked, names } = play([
    [event('ADDED', 'a', 1), unreachable()],
    [event('ADDED', 'b', 2), listed(5), 'hang'],
  ])
  await settle(1000)
  expect(asked).toEqual(['stream', 'stream'])
  expect(names()).toEqual(['b@2'])
})

test('a watch that ends goes on from the last event or bookmark', async () => {
  const { asked } = play([[listed(5), event('ADDED', 'a', 6), 'end'], [event('MODIFIED', 'a', 7), bookmark(30), 'end'], ['hang']])
  await settle(10_000)
  expect(asked).toEqual(['stream', 'watch 6', 'watch 30'])
})

test('a lost history, told in the stream or as a status, leads to a new list without a version; what vanished is announced', async () => {
  const { asked, changes, names, lists } = play([
    [event('ADDED', 'a', 1), event('ADDED', 'b', 2), listed(5), 'end'],
    [expired()],
    [event('ADDED', 'b', 2), event('ADDED', 'c', 8), listed(10), 'hang'],
  ])
  await settle(10_000)
  expect(asked).toEqual(['stream', 'watch 5', 'stream'])
  expect(names()).toEqual(['b@2', 'c@8'])
  expect(changes).toEqual(['>a', '>b', 'a>', '>c'])
  expect(lists()).toBe(2)
})

test('a list from a server that lags behind is not believed, and another is asked for', async () => {
  const { asked, names } = play([
    [event('ADDED', 'a', 1), listed(5), event('ADDED', 'b', 20), 'end'],
    [expired()],
    [event('ADDED', 'a', 1), listed(10), 'hang'],
    [event('ADDED', 'b', 20), listed(30), 'hang'],
  ])
  await settle(10_000)
  expect(asked).toEqual(['stream', 'watch 20', 'stream', 'stream'])
  expect(names()).toEqual(['b@20'])
})

test('what is known stays known while a new list is on its way', async () => {
  const { names } = play([[event('ADDED', 'a', 1), listed(5), 'end'], [expired()], [event('ADDED', 'b', 2), 'hang']])
  await settle(10_000)
  expect(names()).toEqual(['a@1'])
})

test('an object that was deleted and made anew is two changes, even if the watch missed the moment', async () => {
  const { changes } = play([
    [event('ADDED', 'a', 1, 'u1'), listed(5), event('ADDED', 'a', 7, 'u2'), 'end'],
    [expired()],
    [event('ADDED', 'a', 9, 'u3'), listed(10), 'hang'],
  ])
  await settle(10_000)
  expect(changes).toEqual(['>u1', 'u1>', '>u2', 'u2>', '>u3'])
})

test.each([400, 422])('a server that refuses to stream a list (%i) is asked for pages', async status => {
  const refusal = new ApiError(status, 'Invalid', 'sendInitialEvents is forbidden')
  const { asked, names } = play([[refusal], ['hang']], [[thing('a', 1)], [thing('b', 2)]])
  await settle(2000)
  expect(asked).toEqual(['stream', 'list  limit=500', 'list more limit=500', 'watch 100'])
  expect(names()).toEqual(['a@1', 'b@2'])
})

test('pages that expire in the middle are begun anew', async () => {
  const refusal = new ApiError(422, 'Invalid', 'no')
  const { asked } = play([[refusal], ['hang']], [expired(), [thing('a', 1)]])
  await settle(5000)
  expect(asked).toEqual(['stream', 'list  limit=500', 'list  limit=500', 'watch 100'])
})

test('an unreachable server is asked less and less often, at most every 30 s, and nothing is forgotten', async () => {
  const refusals = Array.from({ length: 40 }, (): Connection => [unreachable()])
  const { asked, names } = play([[event('ADDED', 'a', 1), listed(5), unreachable()], ...refusals])
  await settle(5_000)
  const early = asked.length
  await settle(300_000)
  const before = asked.length
  await settle(300_000)
  const inFiveMinutes = asked.length - before
  expect(early).toBeGreaterThanOrEqual(3)
  expect(early).toBeLessThanOrEqual(5)
  expect(inFiveMinutes).toBeGreaterThanOrEqual(10)
  expect(inFiveMinutes).toBeLessThanOrEqual(20)
  expect(asked.slice(1).every(a => a === 'watch 5')).toBe(true)
  expect(names()).toEqual(['a@1'])
})

test('a server that asks for patience gets it', async () => {
  const { asked } = play([[new ApiError(429, 'TooManyRequests', 'later', { retryAfterMs: 20_000 })], ['hang']])
  await settle(19_000)
  expect(asked.length).toBe(1)
  await settle(1000)
  expect(asked.length).toBe(2)
})

test('a server that ends every watch at once is not asked in a busy loop', async () => {
  const { asked } = play([[listed(5), 'end'], ...Array.from({ length: 1000 }, (): Connection => ['end'])])
  await settle(60_000)
  expect(asked.length).toBeLessThan(12)
})

test('stopped means stopped: no request, no timer and no change after it', async () => {
  const watching = play([[listed(5), 'hang']])
  const pausing = play([[unreachable()]])
  await settle()
  for (const { stop, running } of [watching, pausing]) {
    stop.abort()
    await running
  }
  const asked = [...watching.asked, ...pausing.asked]
  await settle(100_000)
  expect([...watching.asked, ...pausing.asked]).toEqual(asked)
  expect(vi.getTimerCount()).toBe(0)
})
