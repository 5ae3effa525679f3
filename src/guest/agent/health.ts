/** `GET /healthz` for the kubelet: 200 while the agent's loop turns. It says nothing of the engine: an agent is not restarted for that. */
import { createServer } from 'node:http'

export function serveHealth(port: number, healthy: () => boolean): { close(): void } {
  const server = createServer((request, response) => {
    const status = request.url !== '/healthz' ? 404 : healthy() ? 200 : 503
    response.writeHead(status, { 'content-type': 'text/plain' }).end(`${status === 200 ? 'ok' : 'no'}\n`)
  })
  server.listen(port)
  return { close: () => server.close() }
}
