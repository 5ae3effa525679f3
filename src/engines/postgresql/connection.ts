/**
 * One connection to the local server as its superuser. What a database's owner may set for everyone who connects to it (search_path, role,
 * read-only transactions) does not reach here, nothing that is sent ends up in the server's log, and every wait ends: at the signal, or at
 * the server's own timeouts.
 */
import { Socket } from 'node:net'
import { Client } from 'pg'
import { abortable } from '../abortable.ts'
import { port } from './port.ts'

export interface Connection {
  /** One statement with parameters. */
  query<Row>(sql: string, params: readonly unknown[], signal: AbortSignal): Promise<Row[]>
  /** All of them or none, in one round trip. */
  transaction(statements: readonly string[], signal: AbortSignal): Promise<void>
  /** Another connection to the same server, closed when the work is done. */
  inDatabase<T>(database: string, signal: AbortSignal, work: (connection: Connection) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Startup options outrank every ALTER DATABASE and ALTER ROLE ... SET. */
const options = Object.entries({
  search_path: 'pg_catalog,pg_temp',
  role: 'none',
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read\\ committed',
  default_transaction_deferrable: 'off',
  standard_conforming_strings: 'on',
  // Of a failed ALTER ROLE the log would keep the verifier.
  log_statement: 'none',
  log_min_error_statement: 'panic',
  log_min_duration_statement: '-1',
  log_min_duration_sample: '-1',
  log_transaction_sample_rate: '0',
  debug_print_parse: 'off',
  debug_print_rewritten: 'off',
  debug_print_plan: 'off',
  idle_session_timeout: '0',
  statement_timeout: '60s',
  // Whoever waits for a lock makes those wait who come after it; we come again.
  lock_timeout: '5s',
  idle_in_transaction_session_timeout: '60s',
})
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ')

export async function openConnection(sockets: string, database: string, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted()
  const socket = new Socket()
  const client = new Client({
    host: sockets,
    port,
    user: 'postgres',
    database,
    ssl: false,
    application_name: 'trove-guest',
    options,
    stream: () => socket,
  })
  client.on('error', () => {}) // an idle connection that ends; the next query says so

  // One statement at a time, in the order of asking. A signal ends the connection, and so all that waits on it.
  let previous: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    const turn = previous.then(() => abortable(signal, () => socket.destroy(), work))
    previous = turn.catch(() => {})
    return turn
  }

  const close = async () => {
    const ended = client.end().catch(() => {})
    socket.destroySoon() // once the farewell is sent; a server that hangs is not waited for
    await ended
  }

  try {
    await inTurn(signal, () => client.connect())
    // What comes back may hold names, which are UTF-8 for the whole server: in a database of another character set nothing may convert them.
    await inTurn(signal, () => client.query("set client_encoding to 'SQL_ASCII'"))
  } catch (error) {
    socket.destroy()
    throw error
  }

  return {
    query: async <Row>(sql: string, params: readonly unknown[], signal: AbortSignal) => {
      const result = await inTurn(signal, () => client.query(sql, [...params]))
      return result.rows as Row[]
    },
    // several statements in one message are one transaction to the server, and a failed one leaves no open block behind
    transaction: async (statements, signal) => {
      if (statements.length > 0) await inTurn(signal, () => client.query(statements.join(';\n')))
    },
    inDatabase: async (database, signal, work) => {
      const connection = await openConnection(sockets, database, signal)
      try {
        return await work(connection)
      } finally {
        await connection.close()
      }
    },
    close,
  }
}
