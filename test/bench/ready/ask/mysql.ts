/** What says that a server of the MySQL family is ready. */
import { createConnection } from 'mysql2/promise'
import type { Ask } from '../client.ts'

export const ask: Ask = async login => {
  const client = await createConnection({ ...login, connectTimeout: 1000 })
  client.on('error', () => {})
  try {
    await client.query('select 1')
  } catch (error) {
    client.destroy()
    throw error
  }
}
