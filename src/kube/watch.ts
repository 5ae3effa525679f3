/**
 * Turns the bytes of a watch into events, one line at a time, holding no more than one line. An ERROR event becomes an ApiError: the server
 * reports a lost history as HTTP 200 with such a line.
 */
import type { WatchEvent } from './client.ts'
import { ApiError, type StatusBody } from './errors.ts'
import type { KubeObject } from './objects.ts'

const newline = 0x0a

export async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let partial: Buffer[] = []
  for await (const chunk of chunks) {
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      partial.push(chunk.subarray(from, at))
      const line = partial.length === 1 ? partial[0]! : Buffer.concat(partial)
      partial = []
      from = at + 1
      if (line.length > 0) yield line.toString('utf8')
    }
    if (from < chunk.length) partial.push(chunk.subarray(from))
  }
  // A stream that breaks in the middle of a line leaves half an event: it is dropped, and the next watch brings it whole.
}

export function parseEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as { type: string; object: unknown }
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: object as T }
    case 'BOOKMARK': {
      const { resourceVersion, annotations } = (object as KubeObject).metadata
      return { type, resourceVersion, initialEventsEnd: annotations?.['k8s.io/initial-events-end'] === 'true' }
    }
    case 'ERROR': {
      const status = object as StatusBody
      throw new ApiError(status.code ?? 500, status.reason ?? '', `watch: ${status.message ?? line.slice(0, 200)}`)
    }
    default:
      throw new ApiError(500, 'UnknownEvent', `watch: event of unknown type ${JSON.stringify(type).slice(0, 50)}`)
  }
}
