/**
 * One connection to the local server as its administrator, with the password that the server's start left on the volume. It is never made anew
 * by itself, nothing is kept for later, and every wait ends at the signal, with the connection.
 */
import { createClient, MultiErrorReply } from '@redis/client'
import { abortable } from '../abortable.ts'
import type { EnginePaths } from '../guest-engine.ts'
import { readVolumeFile } from '../volume-file.ts'
import { passwordFile, socketFile } from './files.ts'
import { administrator } from './names.ts'

export interface Connection {
  command(words: readonly string[], signal: AbortSignal): Promise<unknown>
  /** With nothing of anybody else's in between, in one round trip. If one of them is refused the others are done all the same, and this throws. */
  transaction(commands: readonly (readonly string[])[], signal: AbortSignal): Promise<unknown[]>
  close(): Promise<void>
}

export async function openConnection(paths: EnginePaths, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted()
  const password = administratorPassword(paths)
  const client = createClient({
    username: administrator,
    password,
    RESP: 2,
    socket: { path: socketFile(paths), reconnectStrategy: false },
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  })
  client.on('error', () => {}) // an idle connection that ends; the next command says so

  const end = () => {
    if (client.isOpen) client.destroy()
  }
  const untilSignal = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => abortable(signal, end, work)
  try {
    await untilSignal(signal, () => client.connect())
  } catch (error) {
    end()
    throw error
  }
  return {
    command: (words, signal) => untilSignal(signal, () => client.sendCommand([...words])),
    transaction: (commands, signal) =>
      untilSignal(signal, async () => {
        const transaction = client.multi()
        for (const words of commands) transaction.addCommand([...words])
        try {
          return await transaction.exec()
        } catch (error) {
          // It says how many were refused, and not why.
          throw error instanceof MultiErrorReply ? error.replies[error.errorIndexes[0]!] : error
        }
      }),
    close: async () => end(),
  }
}

/** Three UUIDs, as scripts.ts makes them. Of anything else that lies there nothing is ever sent or said. */
function administratorPassword(paths: EnginePaths): string {
  const text = readVolumeFile(passwordFile(paths), 256)
  if (!/^[0-9a-f-]{108}\n$/.test(text)) throw new Error('what lies in the place of the administrator’s password is none')
  return text.trimEnd()
}
