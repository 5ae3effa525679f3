/** What says that Redis or Valkey is ready. */
import { createClient } from '@redis/client'
import type { Ask } from '../client.ts'

export const ask: Ask = async ({ host, port, user, password }) => {
  const client = createClient({
    username: user,
    password,
    RESP: 2,
    socket: { host, port, reconnectStrategy: false, connectTimeout: 1000 },
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.get('answer')
  } catch (error) {
    if (client.isOpen) client.destroy()
    throw error
  }
}
