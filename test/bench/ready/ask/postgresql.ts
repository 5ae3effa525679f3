/** What says that PostgreSQL is ready. */
import pg from 'pg'
import type { Ask } from '../client.ts'

export const ask: Ask = async login => {
  const client = new pg.Client({ ...login, connectionTimeoutMillis: 1000 })
  try {
    await client.connect()
    await client.query('select 1')
  } catch (error) {
    client.end().catch(() => {})
    throw error
  }
}
