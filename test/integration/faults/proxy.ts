/**
 * Stands between one process and the API server, on loopback. Writes down every request, lets a fault change what becomes of it, and shows the
 * process one trial's part of the cluster alone, so that many trials can share an API server. Watches pass line by line.
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import { type ClientHttp2Session, connect, type IncomingHttpStatusHeader } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { ClusterAccess } from '../../../src/kube/access.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import type { Exchange, Sent, Verb } from './journal.ts'

/** What becomes of a request or its answer. Nothing said: it passes. */
export type Verdict =
  | { do: 'answer'; status: number; body: string; headers?: Record<string, string> }
  /** The connection breaks. */
  | { do: 'break' }
  /** Nothing comes, ever. */
  | { do: 'hang' }

export interface WatchLine {
  type: string
  object: KubeObject
}

export interface Fault {
  /** Before the API server hears of it. */
  before?(x: Exchange): Promise<Verdict | undefined> | Verdict | undefined
  /** It has answered; the process knows nothing yet. */
  after?(x: Exchange, answer: { status: number; body: string }): Promise<Verdict | undefined> | Verdict | undefined
  /** A watch is to be opened: the lines that are sent, as they come, in place of the server's. */
  stream?(x: Exchange, signal: AbortSignal): AsyncIterable<string> | undefined
  /** One event on its way: the lines that are sent in its stead, or half of it and the connection breaks. `later` sends more at any time. */
  line?(x: Exchange, line: WatchLine, later: (lines: WatchLine[]) => void): WatchLine[] | 'cut' | undefined
}

export interface Proxy {
  url: string
  /** Connections that the process holds open now. */
  open(): number
  fault: Fault
  /** To be counted up whenever another process takes the place of the one before. */
  life: number
  /** Ends what it holds open, as a network does that is cut. */
  cut(): void
  close(): Promise<void>
}

export interface ProxyOptions {
  who: string
  upstream: Upstream
  journal: Exchange[]
  /** Since the trial began. */
  now: () => number
  /** Whether an object is part of the trial. */
  isMine: (object: KubeObject) => boolean
  /** The path of a watch, narrowed to the trial's part as far as the server can do it. */
  narrow: (x: Exchange, path: string) => string
}

/** Requests to the API server as it is, past every fault. */
export interface Upstream {
  text(
    method: string,
    path: string,
    body?: string,
    contentType?: string,
  ): Promise<{ status: number; body: string; headers: IncomingHttpHeaders }>
  lines(path: string, signal: AbortSignal): AsyncIterable<string>
}

/** All of it over one connection: a connection for each watch would cost both ends more than the watch itself. */
export function openUpstream(access: ClusterAccess): Upstream & { close(): void } {
  let session: Promise<{ session: ClientHttp2Session; authorization: string | undefined }> | undefined
  const opened = async () => {
    const { authorization, tls } = await access.credentials()
    const session = connect(access.server, { ca: tls.ca, settings: { initialWindowSize: 8 << 20 } })
    // Whoever waits for an answer is told by the stream.
    session.on('error', () => {})
    await once(session, 'connect')
    session.setLocalWindowSize(64 << 20)
    return { session, authorization }
  }
  const send = async (method: string, path: string, contentType: string, body: string | undefined, signal?: AbortSignal) => {
    session ??= opened()
    const { session: open, authorization } = await session
    const headers: OutgoingHttpHeaders = {
      ':method': method,
      ':path': path,
      accept: 'application/json',
      ...(authorization !== undefined && { authorization }),
      ...(body !== undefined && { 'content-type': contentType }),
    }
    // A DELETE has a body too.
    const stream = open.request(headers, { endStream: body === undefined, ...(signal && { signal }) })
    stream.setEncoding('utf8')
    // Whoever reads it is told.
    stream.on('error', () => {})
    if (body !== undefined) stream.end(body)
    return stream
  }
  return {
    async text(method, path, body, contentType = 'application/json') {
      const stream = await send(method, path, contentType, body)
      return new Promise((resolve, reject) => {
        let headers: IncomingHttpHeaders & IncomingHttpStatusHeader = {}
        let text = ''
        stream
          .on('response', given => {
            headers = given
          })
          .on('data', (chunk: string) => {
            text += chunk
          })
          .on('error', reject)
          .on('close', () => {
            const status = headers[':status']
            if (status === undefined) reject(new Error(`${method} ${path}: the API server closed it without an answer`))
            else resolve({ status, headers, body: text })
          })
      })
    },
    async *lines(path, signal) {
      const stream = await send('GET', path, '', undefined, signal)
      const closed = once(stream, 'close').then(() => {
        throw new Error(`GET ${path}: the API server closed it without an answer`)
      })
      closed.catch(() => {})
      const [{ ':status': status = 0 }] = (await Promise.race([once(stream, 'response'), closed])) as [IncomingHttpStatusHeader]
      if (status !== 200) throw new Refused(status, await textOf(stream))
      let rest = ''
      for await (const chunk of stream as AsyncIterable<string>) {
        const parts = (rest + chunk).split('\n')
        rest = parts.pop()!
        yield* parts.filter(line => line !== '')
      }
    },
    close: () => void session?.then(({ session }) => session.destroy()).catch(() => {}),
  }
}

/** The API server would not open a watch. */
class Refused extends Error {
  readonly status: number
  constructor(status: number, body: string) {
    super(body)
    this.status = status
  }
}

/** On loopback, to a process that may have to wait for its turn. */
const arrivesWithinMs = 100

export async function openProxy(o: ProxyOptions): Promise<Proxy> {
  const { upstream } = o
  const sockets = new Set<Socket>()
  /** Not answered yet, or only just: whether the answer arrives is known only if the connection holds. */
  const inFlight = new Set<Exchange>()
  const proxy = { fault: {} as Fault, life: 1 }

  const server = createServer((req, res) => {
    handle(req, res).catch(() => res.destroy())
  })
  server.keepAliveTimeout = 120_000
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    const sent = await textOf(req)
    const x = exchangeOf(req, sent, o, proxy.life)
    o.journal.push(x)
    if (x.verb !== 'watch') {
      inFlight.add(x)
      res.once('finish', () => setTimeout(() => inFlight.delete(x), arrivesWithinMs))
    }
    const { fault } = proxy
    if (await settle(await fault.before?.(x), x, res, o.isMine)) return
    if (x.verb === 'watch') return stream(x, req, res, fault)
    const answer = await upstream.text(req.method!, req.url!, sent === '' ? undefined : sent, x.contentType)
    x.status = answer.status
    const parsed = parse(answer.body)
    if (parsed !== undefined) x.answer = parsed as KubeObject
    if (await settle(await fault.after?.(x, answer), x, res, o.isMine)) return
    const body = x.verb === 'list' ? onlyMine(answer.body, o.isMine) : answer.body
    const retryAfter = answer.headers['retry-after']
    noteRetryAfter(x, retryAfter)
    res.writeHead(answer.status, {
      'content-type': answer.headers['content-type'] ?? 'application/json',
      ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
    })
    res.end(body)
  }

  const stream = async (x: Exchange, req: IncomingMessage, res: ServerResponse, fault: Fault) => {
    const end = new AbortController()
    res.on('close', () => end.abort())
    const write = (lines: WatchLine[]) => {
      for (const line of lines) res.write(`${JSON.stringify(line)}\n`)
    }
    let whole = !x.query.has('sendInitialEvents')
    try {
      for await (const text of fault.stream?.(x, end.signal) ?? upstream.lines(o.narrow(x, req.url!), end.signal)) {
        if (end.signal.aborted) return
        if (!res.headersSent) res.writeHead(200, { 'content-type': 'application/json' })
        const line = JSON.parse(text) as WatchLine
        whole ||= line.object.metadata?.annotations?.['k8s.io/initial-events-end'] === 'true'
        if (line.object.metadata?.name !== undefined && !o.isMine(line.object)) continue
        const lines = proxy.fault.line?.(x, line, write) ?? [line]
        if (lines === 'cut') {
          res.write(text.slice(0, text.length / 2), () => res.destroy())
          return
        }
        write(lines)
      }
      // An API server that begins its own cache anew ends all watches, and lists that it has not told to the end.
      if (!whole) x.told = 'part of a list'
      res.end()
    } catch (error) {
      if (error instanceof Refused && !res.headersSent) {
        x.status = error.status
        res.writeHead(error.status, { 'content-type': 'application/json' })
        res.end(error.message)
      } else {
        // It is not the operator's doing that it has to ask again.
        if (!end.signal.aborted) x.told = `nothing: ${(error as Error).message}`
        res.destroy()
      }
    }
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => sockets.size,
    cut: () => {
      for (const x of inFlight) x.told ??= 'perhaps nothing: the connection broke'
      inFlight.clear()
      for (const socket of sockets) socket.destroy()
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  })
}

async function settle(verdict: Verdict | undefined, x: Exchange, res: ServerResponse, isMine: ProxyOptions['isMine']): Promise<boolean> {
  if (verdict === undefined) return false
  if (verdict.do === 'break') {
    x.told = 'nothing: the connection broke'
    res.destroy()
  } else if (verdict.do === 'hang') x.told = 'nothing'
  else {
    x.told = `${verdict.status}`
    noteRetryAfter(x, verdict.headers?.['retry-after'])
    res.writeHead(verdict.status, { 'content-type': 'application/json', ...verdict.headers })
    res.end(x.verb === 'list' ? onlyMine(verdict.body, isMine) : verdict.body)
  }
  return true
}

function noteRetryAfter(x: Exchange, seconds: string | undefined): void {
  if (seconds !== undefined) x.retryAfterMs = Number(seconds) * 1000
}

function onlyMine(body: string, isMine: (object: KubeObject) => boolean): string {
  const list = parse(body) as { items?: KubeObject[] } | undefined
  return list?.items === undefined ? body : JSON.stringify({ ...list, items: list.items.filter(isMine) })
}

const methods: Record<string, Verb> = { POST: 'create', PUT: 'update', DELETE: 'delete' }

function exchangeOf(req: IncomingMessage, sent: string, o: ProxyOptions, life: number): Exchange {
  const url = new URL(req.url!, 'http://proxy')
  // /api/v1/… and /apis/GROUP/VERSION/…, then [namespaces/NS/]RESOURCE[/NAME[/SUBRESOURCE]]
  const parts = url.pathname.split('/').slice(1)
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3)
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2
  const [resource = '', named, subresource] = inNamespace ? rest.slice(2) : rest
  const contentType = req.headers['content-type'] ?? ''
  const body = parse(sent) as Sent | undefined
  const name = named ?? (req.method === 'POST' ? body?.metadata?.name : undefined)
  const read: Verb = url.searchParams.get('watch') === 'true' ? 'watch' : named === undefined ? 'list' : 'get'
  const changed: Verb = contentType.startsWith('application/apply-patch') ? 'apply' : 'patch'
  return {
    n: o.journal.length + 1,
    at: o.now(),
    who: o.who,
    life,
    verb: req.method === 'GET' ? read : req.method === 'PATCH' ? changed : methods[req.method!]!,
    resource,
    subresource,
    namespace: inNamespace ? rest[1] : undefined,
    name,
    query: url.searchParams,
    contentType,
    body,
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function textOf(message: Readable): Promise<string> {
  message.setEncoding('utf8')
  let text = ''
  for await (const chunk of message as AsyncIterable<string>) text += chunk
  return text
}
