/** The engines of this guest agent, by name: one line per engine. */
import type { EngineName } from '../api/datastore.ts'
import type { GuestEngine } from './guest-engine.ts'
import { mariadb, mysql, percona } from './mysql/guest.ts'
import { postgresql } from './postgresql/guest.ts'
import { redis, valkey } from './redis/guest.ts'

export const guestEngines: Record<EngineName, GuestEngine> = { postgresql, mysql, mariadb, percona, redis, valkey }
