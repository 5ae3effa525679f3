/**
 * etcd's API in JSON over the local socket, as its administrator. Nothing is kept for later, and every wait ends at the signal. It logs in when it is
 * first told to do something: a login is written to the volume, and a look at an idle server should not be.
 */
import { request } from 'node:http'
import type { EnginePaths } from '../guest-engine.ts'
import { readVolumeFile } from '../volume-file.ts'
import { passwordFile, socketFile } from './files.ts'
import { administrator } from './names.ts'

export class EtcdError extends Error {}

export interface Connection {
  get(path: string, signal: AbortSignal): Promise<Record<string, unknown>>
  /** Throws an EtcdError with the server's own words if it refuses. */
  call(path: string, body: object, signal: AbortSignal): Promise<Record<string, unknown>>
  /** Whether somebody could log in so. */
  accepts(name: string, password: string, signal: AbortSignal): Promise<boolean>
}

export function openConnection(paths: EnginePaths): Connection {
  const socketPath = socketFile(paths)
  let token: string | undefined
  const login = async (name: string, password: string, signal: AbortSignal) =>
    String((await ask(socketPath, '/v3/auth/authenticate', { name, password }, {}, signal)).token)
  return {
    get: (path, signal) => ask(socketPath, path, undefined, {}, signal),
    async call(path, body, signal) {
      token ??= await login(administrator, administratorPassword(paths), signal)
      return ask(socketPath, path, body, { authorization: token }, signal)
    },
    accepts: (name, password, signal) =>
      login(name, password, signal).then(
        () => true,
        error => {
          if (error instanceof EtcdError && /authentication failed/.test(error.message)) return false
          throw error
        },
      ),
  }
}

const maxAnswer = 4 * 1024 * 1024

function ask(
  socketPath: string,
  path: string,
  body: object | undefined,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>()
  const method = body === undefined ? 'GET' : 'POST'
  const asked = request({ socketPath, path, method, headers: { host: 'localhost', ...headers }, agent: false, signal }, async response => {
    try {
      let text = ''
      for await (const part of response.setEncoding('utf8')) {
        text += part
        if (text.length > maxAnswer) throw new Error('the answer has no end')
      }
      const answer = JSON.parse(text) as Record<string, unknown>
      if (response.statusCode === 200) resolve(answer)
      else reject(new EtcdError(String(answer.message ?? answer.error ?? response.statusCode)))
    } catch (error) {
      reject(error)
    }
  })
  asked.on('error', reject)
  asked.end(body === undefined ? undefined : JSON.stringify(body))
  return promise
}

/** Two UUIDs, as scripts.ts makes them: etcd takes no more of a password. Of anything else that lies there nothing is ever sent or said. */
function administratorPassword(paths: EnginePaths): string {
  const text = readVolumeFile(passwordFile(paths), 256)
  if (!/^[0-9a-f-]{72}\n$/.test(text)) throw new Error('what lies in the place of the administrator’s password is none')
  return text.trimEnd()
}
