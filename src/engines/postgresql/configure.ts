/** Changes the settings of a running server: it reads its file again, and tells what it made of every line. */
import { setTimeout as delay } from 'node:timers/promises'
import { fault, TroveError } from '../../errors.ts'
import type { Configured } from '../guest-engine.ts'
import type { Parameters } from '../parameters/layers.ts'
import type { Connection } from './connection.ts'

const attempts = 100
const pauseMs = 50

interface Line {
  name: string
  applied: boolean
  error: string | null
  /** When it can be changed; null for a name that the server does not know. */
  context: string | null
}

export async function configure(admin: Connection, parameters: Parameters, signal: AbortSignal): Promise<Configured> {
  // A file with a mistake in it is not taken up at all.
  const mistakes = (await linesOf(admin, signal)).filter(line => line.error !== null && line.context !== 'postmaster')
  if (mistakes.length === 0) await reload(admin, signal)
  const pending = await admin.query<{ name: string }>('select name from pg_settings where pending_restart order by name', [], signal)
  const restartRequired = pending.map(({ name }) => name)
  if (mistakes.length > 0) return { restartRequired, notApplied: mistakes.map(({ name, error }) => `${name}: ${error}`) }
  const found = new Map((await linesOf(admin, signal)).map(line => [line.name, line]))
  const outranked = Object.keys(parameters).filter(
    name => !restartRequired.includes(name) && found.get(name.toLowerCase())?.applied !== true,
  )
  if (outranked.length === 0) return { restartRequired }
  return { restartRequired, notApplied: outranked.map(name => `${name}: a superuser has set it otherwise in the server itself`) }
}

/** What the server makes of its files as they are now, line by line. What a superuser has set lies in another, and outranks it. */
function linesOf(admin: Connection, signal: AbortSignal): Promise<Line[]> {
  return admin.query<Line>(
    `select distinct on (lower(f.name)) lower(f.name) as name, f.applied, f.error, s.context
       from pg_file_settings f left join pg_settings s on lower(s.name) = lower(f.name)
      where f.sourcefile = current_setting('config_file')
      order by lower(f.name), f.seqno desc`,
    [],
    signal,
  )
}

/** Returns once this session has seen the file anew, which every session does between two statements. */
async function reload(admin: Connection, signal: AbortSignal): Promise<void> {
  const loadedAt = async () => {
    const [row] = await admin.query<{ at: string }>('select pg_conf_load_time()::text as at', [], signal)
    return row?.at
  }
  const before = await loadedAt()
  await admin.query('select pg_reload_conf()', [], signal)
  for (let attempt = 0; attempt < attempts; attempt++) {
    if ((await loadedAt()) !== before) return
    await delay(pauseMs, undefined, { signal })
  }
  throw new TroveError(
    fault('ConfigurationNotApplied', { why: `the server has not read its file anew after ${(attempts * pauseMs) / 1000} s` }),
  )
}
