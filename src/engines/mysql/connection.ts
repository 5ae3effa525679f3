/**
 * One connection to the local server as its administrator. What a superuser may set for everyone who connects does not reach here, and every
 * wait ends: at the signal, or at the server's own timeouts.
 */
import { Socket } from 'node:net'
import { type Connection as Client, createConnection, type RowDataPacket } from 'mysql2/promise'
import { abortable } from '../abortable.ts'
import type { Dialect } from './dialect.ts'
import { administrator } from './names.ts'
import { filled, literal } from './quote.ts'

export interface Connection {
  /**
   * One statement, with a text for each `?` in it. It is sent as text: of prepared statements the server has so many for all who are connected,
   * and one login may hold every one.
   */
  query<Row>(sql: string, params: readonly string[], signal: AbortSignal): Promise<Row[]>
  /** One statement after another, each as it stands. What came before one that fails is done. */
  run(statements: readonly string[], signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** In force before the first statement of ours. */
const settingsOf = ({ limits }: Pick<Dialect, 'limits'>) =>
  Object.entries({
    // quote.ts rests on the second
    sql_mode: literal('STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES'),
    // Whoever waits for a lock makes those wait who come after it; we come again.
    lock_wait_timeout: 5,
    innodb_lock_wait_timeout: 5,
    wait_timeout: 60,
    autocommit: 1,
    // All rows of what we ask, however many the server thinks it would read for them.
    sql_select_limit: '18446744073709551615',
    sql_big_selects: 1,
    ...limits,
  })
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')

/** The server asks the socket who is there; there is nothing to say. */
const socketPlugins = Object.fromEntries(['auth_socket', 'unix_socket'].map(name => [name, () => () => Buffer.alloc(0)]))

export const socketOf = (sockets: string): string => `${sockets}/mysqld.sock`

export async function openConnection(sockets: string, dialect: Pick<Dialect, 'limits'>, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted()
  const socket = new Socket()
  let client: Client | undefined
  let previous: Promise<unknown> = Promise.resolve()
  // One statement at a time, in the order of asking. A signal ends the connection, and so all that waits on it.
  const inTurn = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    const turn = previous.then(() => abortable(signal, () => socket.destroy(new Error('aborted')), work)).catch(withoutStatement)
    previous = turn.catch(() => {})
    return turn
  }
  try {
    client = await inTurn(signal, async () => {
      socket.connect(socketOf(sockets))
      return createConnection({ stream: socket, user: administrator, charset: 'utf8mb4', authPlugins: socketPlugins, connectTimeout: 0 })
    })
    client.on('error', () => {}) // an idle connection that ends; the next statement says so
    await inTurn(signal, () => client!.query(`set session ${settingsOf(dialect)}`))
  } catch (error) {
    socket.destroy()
    throw error
  }
  const open = client
  return {
    query: async <Row>(sql: string, params: readonly string[], signal: AbortSignal) => {
      const statement = filled(sql, params)
      const [rows] = await inTurn(signal, () => open.query<RowDataPacket[]>(statement))
      return rows as Row[]
    },
    run: async (statements, signal) => {
      for (const statement of statements) await inTurn(signal, () => open.query(statement))
    },
    close: async () => {
      const ended = open.end().catch(() => {})
      socket.destroySoon() // once the farewell is sent; a server that hangs is not waited for
      await ended
    },
  }
}

/** This client's errors bear the whole statement, and what is stored of a password with it: that is for no log. */
function withoutStatement(error: unknown): never {
  if (error instanceof Error) Reflect.deleteProperty(error, 'sql')
  throw error
}
