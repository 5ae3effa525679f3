/** The question of each engine that says that it is ready: a login over TCP with a password, and the answer to one query. */
import { createClient } from '@redis/client'
import { createConnection } from 'mysql2/promise'
import pg from 'pg'

export interface Login {
  host: string
  port: number
  user: string
  password: string
  /** Empty where the engine has no databases. */
  database: string
}

/** Rejects, within a second or so, if there was no answer. */
export type Ask = (login: Login) => Promise<unknown>

export const askPostgresql: Ask = async login => {
  const client = new pg.Client({ ...login, connectionTimeoutMillis: 1000 })
  try {
    await client.connect()
    await client.query('select 1')
  } catch (error) {
    client.end().catch(() => {})
    throw error
  }
}

export const askMysql: Ask = async login => {
  const client = await createConnection({ ...login, connectTimeout: 1000 })
  client.on('error', () => {})
  try {
    await client.query('select 1')
  } catch (error) {
    client.destroy()
    throw error
  }
}

export const askRedis: Ask = async ({ host, port, user, password }) => {
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
