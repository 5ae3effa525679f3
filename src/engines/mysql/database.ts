/** Databases. Every function looks before it acts and may be stopped after any statement. */
import type { GuestDatabase } from '../../api/guest.ts'
import { fault, TroveError } from '../../errors.ts'
import { nameTaken, told } from '../told.ts'
import type { Connection } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { mark, marked, unmark } from './marks.ts'
import { checkDatabase } from './names.ts'
import { account, identifier, pattern } from './quote.ts'
import { endSessions } from './sessions.ts'

interface Found {
  characterSet: string
  collation: string
}

export function ensureDatabase(admin: Connection, { engine }: Dialect, database: GuestDatabase, signal: AbortSignal): Promise<void> {
  const { name } = database
  return told(`database "${name}"`, signal, async () => {
    const refused = checkDatabase(engine, database)
    if (refused !== undefined) throw new TroveError(refused)
    const isOurs = (await marked(admin, 'database', [name], signal)).has(name)
    const found = await find(admin, name, signal)
    if (found !== undefined && !isOurs) throw nameTaken('Database', name)
    if (found !== undefined) return assertSame(database, found)
    if (!isOurs) await mark(admin, 'database', name, signal)
    await admin.run([createDatabase(database)], signal)
  })
}

export function dropDatabase(admin: Connection, { name }: GuestDatabase, signal: AbortSignal): Promise<void> {
  return told(`to drop database "${name}"`, signal, async () => {
    if (!(await marked(admin, 'database', [name], signal)).has(name)) return
    // Whoever is in the middle of something there would hold it for as long as it takes.
    await endSessions(admin, { database: name }, signal)
    await admin.run([`drop database if exists ${identifier(name)}`], signal)
    await takeRights(admin, name, signal)
    await unmark(admin, 'database', name, signal)
  })
}

/** They outlive their database, and would be good for the next one of that name. */
async function takeRights(admin: Connection, database: string, signal: AbortSignal): Promise<void> {
  const holders = await admin.query<{ user: string }>(
    `select user from mysql.db where host = '%' and cast(db as binary) = cast(? as binary)`,
    [pattern(database)],
    signal,
  )
  const ours = await marked(
    admin,
    'user',
    holders.map(h => h.user),
    signal,
  )
  const on = `${identifier(pattern(database))}.*`
  await admin.run(
    [...ours].map(user => `revoke all privileges on ${on} from ${account(user)}`),
    signal,
  )
}

async function find(admin: Connection, name: string, signal: AbortSignal): Promise<Found | undefined> {
  const [found] = await admin.query<Found>(
    `select default_character_set_name as characterSet, default_collation_name as collation
       from information_schema.schemata where cast(schema_name as binary) = cast(? as binary)`,
    [name],
    signal,
  )
  return found
}

/** A retained database comes back as it is; character set and collation are not changed under its tables. */
function assertSame({ name, characterSet, collate }: GuestDatabase, found: Found): void {
  const sameSet = characterSet === undefined || characterSetName(characterSet) === characterSetName(found.characterSet)
  const sameCollation = collate === undefined || collate.toLowerCase() === found.collation.toLowerCase()
  if (sameSet && sameCollation) return
  const asked = [characterSet && `character set ${characterSet}`, collate && `collation ${collate}`].filter(Boolean).join(' and ')
  throw new TroveError(
    fault('DatabaseDiffers', { name, found: `character set ${found.characterSet} and collation ${found.collation}`, asked }),
  )
}

/** The servers take the first for the second. */
const characterSetName = (name: string): string => name.toLowerCase().replace(/^utf8$/, 'utf8mb3')

/** Words that the API and names.ts have left nothing in but letters, digits and `_`, or the server refuses. */
function createDatabase({ name, characterSet, collate }: GuestDatabase): string {
  const set = characterSet === undefined ? '' : ` character set ${identifier(characterSet.toLowerCase())}`
  return `create database ${identifier(name)}${set}${collate === undefined ? '' : ` collate ${identifier(collate)}`}`
}
