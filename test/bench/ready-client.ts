/**
 * Runs in the tenant's pod of the `ready` bench: watches for its Secret, and for its Service before it resolves the name (a name asked for too
 * early is remembered as missing), then tries every 20 ms and prints the time, in ms since the epoch, at which it was connected.
 */
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const mount = '/var/run/secrets/kubernetes.io/serviceaccount'
const token = readFileSync(`${mount}/token`, 'utf8')
const ca = readFileSync(`${mount}/ca.crt`)
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, NAMESPACE: namespace } = process.env

/** Resolves with the first object of that name that the watch shows. */
function appears(resource: string, name: string): Promise<{ data?: Record<string, string> }> {
  const path = `/api/v1/namespaces/${namespace}/${resource}?watch=1&fieldSelector=metadata.name%3D${name}`
  return new Promise((resolve, reject) => {
    let text = ''
    const request = get({ host, port, path, ca, headers: { authorization: `Bearer ${token}` } }, response => {
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        const end = text.indexOf('\n')
        if (end < 0) return
        request.destroy()
        resolve((JSON.parse(text.slice(0, end)) as { object: { data?: Record<string, string> } }).object)
      })
    })
    request.on('error', error => {
      if (text === '') reject(error)
    })
  })
}

const [secret] = await Promise.all([appears('secrets', 'app-credentials'), appears('services', 'db')])
const read = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString()
for (;;) {
  const client = new pg.Client({
    host: read('host'),
    port: Number(read('port')),
    user: read('username'),
    password: read('password'),
    database: read('database'),
    connectionTimeoutMillis: 1000,
  })
  try {
    await client.connect()
    await client.query('select 1')
    console.log(Date.now())
    process.exit(0)
  } catch {
    client.end().catch(() => {})
    await sleep(20)
  }
}
