/**
 * Runs in the tenant's pod of the `ready` bench, bundled with the question of one engine: watches for its Secret, and for its Service before it
 * resolves the name (a name asked for too early is remembered as missing), then asks every 20 ms and prints the time, in ms since the epoch, at
 * which it had an answer.
 */
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Login {
  host: string
  port: number
  user: string
  password: string
  /** Empty where the engine has no databases. */
  database: string
}

/** A login over TCP with a password, and the answer to one query. Rejects, within a second or so, if there was none. */
export type Ask = (login: Login) => Promise<unknown>

const mount = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Resolves with the first object of that name that the watch shows. */
function appears(resource: string, name: string): Promise<{ data?: Record<string, string> }> {
  const token = readFileSync(`${mount}/token`, 'utf8')
  const ca = readFileSync(`${mount}/ca.crt`)
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, NAMESPACE: namespace } = process.env
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

export async function untilAnswered(ask: Ask): Promise<never> {
  const [secret] = await Promise.all([appears('secrets', 'app-credentials'), appears('services', 'db')])
  const read = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString()
  const login: Login = {
    host: read('host'),
    port: Number(read('port')),
    user: read('username'),
    password: read('password'),
    database: read('database'),
  }
  for (;;) {
    try {
      await ask(login)
      console.log(Date.now())
      process.exit(0)
    } catch {
      await sleep(20)
    }
  }
}
