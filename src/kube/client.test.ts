/** The client against a small HTTP server that answers as the test says: what a real API server does only on a bad day. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { accessInCluster, type ClusterAccess } from './access.ts'
import { connect } from './client.ts'
import type { ApiError } from './errors.ts'
import { namespaces, pods } from './resource.ts'

let answer: (request: IncomingMessage, response: ServerResponse) => void
let closeServer: () => Promise<void>
let access: ClusterAccess
let client: ReturnType<typeof connect>
const asked: string[] = []
const signal = new AbortController().signal

beforeEach(async () => {
  asked.length = 0
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  access = { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, credentials: async () => ({ tls: {} }) }
  client = connect(access)
  closeServer = () =>
    new Promise(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
})

afterEach(async () => {
  vi.useRealTimers()
  await client.close()
  await closeServer()
})

const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable('it did not fail'),
    (error: ApiError) => error,
  )
const getDefault = (deadlineMs = 5_000) => client.get(namespaces, { name: 'default' }, { signal, deadlineMs })

test('an overloaded server says when to come again', async () => {
  answer = (_, response) =>
    response.writeHead(429, { 'retry-after': '7' }).end('{"kind":"Status","reason":"TooManyRequests","message":"later"}')
  expect(await failure(getDefault())).toMatchObject({ status: 429, reason: 'TooManyRequests', retryAfterMs: 7_000, message: 'later' })
})

test('an answer that is no Status is an error all the same, and its text is cut', async () => {
  answer = (_, response) => response.writeHead(502).end('<html>'.repeat(100))
  const error = await failure(getDefault())
  expect([error.status, error.code]).toEqual([502, 'Http502'])
  expect(error.message.length).toBeLessThan(300)
})

test('a server that accepts and never answers costs no more than the deadline', async () => {
  answer = () => {}
  const began = performance.now()
  expect(await failure(getDefault(50))).toMatchObject({ status: 0, reason: 'Timeout' })
  expect(performance.now() - began).toBeLessThan(1_000)
})

test('a connection that breaks in the middle of an answer is an ApiError', async () => {
  answer = (_, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{"kind":')
    setTimeout(() => response.destroy(), 20)
  }
  expect(await failure(getDefault())).toMatchObject({ status: 0, reason: 'Unreachable' })
})

test('what has waited for its connection is asked once more before it goes, and does not go if it may not', async () => {
  const held: ServerResponse[] = []
  answer = (_, response) => void held.push(response)
  const busy = Array.from({ length: 16 }, () => getDefault())
  await vi.waitFor(() => expect(held).toHaveLength(16))
  let leading = true
  const lost = new Error('not any more')
  const mayGo = () => {
    if (!leading) throw lost
  }
  const waiting = failure(client.delete(pods, { namespace: 'a', name: 'b', uid: 'c' }, { signal, mayGo }))
  const reading = getDefault()
  await new Promise(resolve => setTimeout(resolve, 50))
  leading = false
  answer = (_, response) => response.end('{}')
  for (const response of held) response.end('{}')
  expect(await waiting).toBe(lost)
  await Promise.all([...busy, reading])
  expect(asked).toEqual(Array(17).fill('GET /api/v1/namespaces/default'))
})

test('names and selectors are encoded, and nothing that is undefined is sent', async () => {
  answer = (_, response) => response.end('{"metadata":{"resourceVersion":"1"},"items":null}')
  await client.list(pods, { namespace: 'a/b', labelSelector: 'x in (y,z)', signal })
  expect(asked).toEqual(['GET /api/v1/namespaces/a%2Fb/pods?labelSelector=x+in+%28y%2Cz%29'])
})

test('a log is asked for with its bounds', async () => {
  answer = (_, response) => response.end('FATAL: no')
  const log = await client.podLog({ namespace: 'n', name: 'p' }, { container: 'c', tailLines: 5, limitBytes: 99, signal })
  expect([log, asked]).toEqual(['FATAL: no', ['GET /api/v1/namespaces/n/pods/p/log?container=c&tailLines=5&limitBytes=99']])
  const sinceTime = '2026-01-01T12:00:00Z'
  await client.podLog({ namespace: 'n', name: 'p' }, { container: 'c', sinceTime, timestamps: true, limitBytes: 99, signal })
  expect(asked[1]).toBe('GET /api/v1/namespaces/n/pods/p/log?container=c&sinceTime=2026-01-01T12%3A00%3A00Z&timestamps=true&limitBytes=99')
})

const added = `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'p', uid: 'u', resourceVersion: '1' } } })}\n`

test('a watch that falls silent for longer than a server ever is, is ended by us', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let say = () => {}
  answer = (_, response) => {
    response.writeHead(200).write(added)
    say = () => void response.write(added)
  }
  const events = client.watch(pods, { timeoutSeconds: 600, signal })[Symbol.asyncIterator]()
  await events.next()
  await vi.advanceTimersByTimeAsync(149_000)
  say()
  expect((await events.next()).value).toMatchObject({ type: 'ADDED' })
  const next = failure(events.next())
  let ended = false
  void next.then(() => {
    ended = true
  })
  await vi.advanceTimersByTimeAsync(149_999)
  expect(ended).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(await next).toMatchObject({ status: 0, reason: 'Timeout' })
})

test('a watch that nobody listens to any more gives its connection back', async () => {
  const closed = new Promise<void>(resolve => {
    answer = (request, response) => {
      request.socket.once('close', () => resolve())
      response.writeHead(200).write(added)
    }
  })
  for await (const event of client.watch(pods, { timeoutSeconds: 300, signal })) {
    expect(event.type).toBe('ADDED')
    break
  }
  await closed
})

test('open watches keep no request waiting', async () => {
  const stop = new AbortController()
  answer = (request, response) => {
    if (request.url!.includes('watch=true')) response.writeHead(200).write(added)
    else response.end('{"kind":"Namespace"}')
  }
  const watches = Array.from({ length: 40 }, () => client.watch(pods, { timeoutSeconds: 300, signal: stop.signal })[Symbol.asyncIterator]())
  await Promise.all(watches.map(w => w.next()))
  expect(await getDefault()).toEqual({ kind: 'Namespace' })
  stop.abort(new Error('enough'))
  for (const w of watches) expect((await failure(w.next())).message).toBe('enough')
})

test("a pod's token is read again within a minute, and the last one serves while it cannot be read", async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const mountDir = await mkdtemp(join(tmpdir(), 'token-'))
  const inCluster = accessInCluster({ mountDir, host: 'fd00::1', port: '443' })
  expect(inCluster.server).toBe('https://[fd00::1]:443')
  expect(await failure(inCluster.credentials())).toMatchObject({ status: 0, reason: 'NoCredentials' })
  await writeFile(join(mountDir, 'ca.crt'), 'CA')
  await writeFile(join(mountDir, 'token'), 'one\n')
  expect(await inCluster.credentials()).toEqual({ authorization: 'Bearer one', tls: { ca: 'CA' } })
  await writeFile(join(mountDir, 'token'), 'two\n')
  vi.advanceTimersByTime(59_000)
  expect((await inCluster.credentials()).authorization).toBe('Bearer one')
  vi.advanceTimersByTime(1_000)
  expect((await inCluster.credentials()).authorization).toBe('Bearer two')
  await rm(mountDir, { recursive: true })
  vi.advanceTimersByTime(60_000)
  expect((await inCluster.credentials()).authorization).toBe('Bearer two')
})
