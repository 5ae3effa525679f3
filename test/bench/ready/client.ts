/**
 * Runs in the tenant's pod of the `ready` bench, bundled with the question of one engine: looks for its Secret, and for its Service before it
 * resolves the name (a name asked for too early is remembered as missing), then asks the server, and prints the time, in ms since the epoch, at
 * which it had an answer. An Instance's Secret comes when its login works, the bare pod's is there from the beginning; so it looks and asks at
 * the same pace, and either side's time has as much waiting in it.
 */
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { text } from 'node:stream/consumers'
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

const pauseMs = 100
const mount = '/var/run/secrets/kubernetes.io/serviceaccount'

interface Found {
  data?: Record<string, string>
}

/** Resolves once there is an object of that name. */
async function appears(resource: string, name: string): Promise<Found> {
  for (;;) {
    const found = await look(resource, name)
    if (found !== undefined) return found
    await sleep(pauseMs)
  }
}

function look(resource: string, name: string): Promise<Found | undefined> {
  const token = readFileSync(`${mount}/token`, 'utf8')
  const ca = readFileSync(`${mount}/ca.crt`)
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, NAMESPACE: namespace } = process.env
  const path = `/api/v1/namespaces/${namespace}/${resource}/${name}`
  return new Promise((resolve, reject) => {
    const request = get({ host, port, path, ca, headers: { authorization: `Bearer ${token}` } }, response => {
      text(response).then(body => resolve(response.statusCode === 200 ? (JSON.parse(body) as Found) : undefined), reject)
    })
    request.on('error', reject)
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
      await sleep(pauseMs)
    }
  }
}
