/**
 * `GET /healthz` for the kubelet: 200 while the agent's loop turns. It says nothing of the engine: an agent is not restarted for that. Nor does
 * the agent end because the port is taken; it tries again.
 */
import { createServer } from 'node:http'
import type { Logger } from '../../runtime/log.ts'

const retryMs = 5000

export function serveHealth(port: number, healthy: () => boolean, log: Logger): void {
  const server = createServer((request, response) => {
    const status = request.url !== '/healthz' ? 404 : healthy() ? 200 : 503
    response.writeHead(status, { 'content-type': 'text/plain' }).end(`${status === 200 ? 'ok' : 'no'}\n`)
  })
  server.on('error', err => {
    log.error({ err, port }, 'the health port cannot be served')
    setTimeout(() => server.listen(port), retryMs)
  })
  server.listen(port)
}
