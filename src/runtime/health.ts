/** The small HTTP server that the kubelet and Prometheus ask: /healthz, /readyz and /metrics. It tells of this process alone, never of databases. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HealthOptions {
  /** 0 for any free one. */
  port: number
  healthy(): boolean
  ready(): boolean
  metrics(): Promise<string>
}

export async function serveHealth(o: HealthOptions): Promise<{ port: number; close(): Promise<void> }> {
  const answer = async (path: string): Promise<[number, string]> => {
    switch (path) {
      case '/healthz':
        return o.healthy() ? [200, 'ok'] : [500, 'not healthy']
      case '/readyz':
        return o.ready() ? [200, 'ok'] : [503, 'not ready']
      case '/metrics':
        return [200, await o.metrics()]
      default:
        return [404, 'not found']
    }
  }
  const server = createServer((request, response) => {
    answer((request.url ?? '/').split('?')[0]!)
      .catch((error: Error): [number, string] => [500, error.message])
      .then(([status, text]) => response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(o.port, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
