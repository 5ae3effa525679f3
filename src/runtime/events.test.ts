import { expect, test } from 'vitest'
import type { Client } from '../kube/client.ts'
import { ApiError } from '../kube/errors.ts'
import { systemClock } from './clock.ts'
import { openRecorder } from './events.ts'
import type { Logger } from './log.ts'

/** Takes every event, or refuses as told. */
function rig(refuse?: () => void) {
  const logged: object[] = []
  const log: Logger = { debug() {}, info: about => void logged.push(about), warn() {}, error() {}, child: () => log }
  const created: Record<string, unknown>[] = []
  const series: unknown[] = []
  let time = 0
  const client = {
    async create(_: unknown, event: { metadata: object }) {
      refuse?.()
      created.push(event as never)
      return { ...event, metadata: { ...event.metadata, uid: 'e', resourceVersion: '1' } }
    },
    async patch(_: unknown, ref: { name: string }, patch: { body: { series: { count: number } } }) {
      series.push([ref.name, patch.body.series.count])
    },
    // The recorder makes and patches Events only: the methods' other uses are not played.
  } as unknown as Pick<Client, 'create' | 'patch'>
  const clock = { ...systemClock, monotonicMs: () => time }
  const recorder = openRecorder({ client, log, clock, controller: 'trove.dev/test', instance: 'p', signal: new AbortController().signal })
  const pass = (ms: number) => {
    time += ms
  }
  return { recorder, created, series, pass, logged }
}

const object = (name: string, namespace?: string) => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name, uid: `uid-${name}`, resourceVersion: '5', ...(namespace !== undefined && { namespace }) },
})
const about = (regarding: ReturnType<typeof object>, note = 'it is') => ({
  regarding,
  type: 'Normal' as const,
  reason: 'Ready',
  action: 'Report',
  note,
})

test('an event goes where its object is, or to default for what is in no namespace', async () => {
  const { recorder, created } = rig()
  recorder.event(about(object('a', 'tenant')))
  recorder.event(about(object('b')))
  await recorder.flush()
  expect(created.map(e => (e.metadata as { namespace: string }).namespace)).toEqual(['tenant', 'default'])
  expect(created[0]).toMatchObject({ regarding: { kind: 'Thing', name: 'a', uid: 'uid-a' }, reportingController: 'trove.dev/test' })
})

test('what is said again is counted; something else, or the same much later, is said anew', async () => {
  const { recorder, created, series, pass } = rig()
  for (let i = 0; i < 3; i++) recorder.event(about(object('a', 'n')))
  recorder.event(about(object('a', 'n'), 'it is not'))
  await recorder.flush()
  const name = (created[0]!.metadata as { name: string }).name
  expect([created.length, series]).toEqual([
    2,
    [
      [name, 2],
      [name, 3],
    ],
  ])
  pass(6 * 60_000)
  recorder.event(about(object('a', 'n')))
  await recorder.flush()
  expect(created.length).toBe(3)
})

test('names stay valid and notes short, whatever the object is called and however much there is to say', async () => {
  const { recorder, created } = rig()
  const long = `${'a'.repeat(199)}.${'b'.repeat(50)}`
  recorder.event(about(object(long, 'n'), 'ä'.repeat(2000)))
  await recorder.flush()
  const { metadata, note } = created[0] as { metadata: { name: string }; note: string }
  expect(metadata.name).toMatch(/^a{199}\.[0-9a-f]{16}$/)
  expect(note).toBe('ä'.repeat(512))
})

test('an event that the server refuses is in the log instead, and the next one is sent', async () => {
  let refusals = 1
  const { recorder, created, logged } = rig(() => {
    if (refusals-- > 0) throw new ApiError(403, 'Forbidden', 'the namespace is being terminated')
  })
  recorder.event(about(object('a', 'n')))
  recorder.event(about(object('b', 'n')))
  await recorder.flush()
  expect(created.length).toBe(1)
  expect(logged).toMatchObject([{ reason: 'Ready', kind: 'Thing', object: 'n/a', note: 'it is' }])
})
