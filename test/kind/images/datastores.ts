/**
 * Which image runs which datastore version: the official one, as deploy/catalog names it, and the one of the same shape that is built where no
 * registry is in reach, as deploy/catalog-debian names it. Without the second, Debian has no packages of that version.
 */
import type { ImageRecipe } from './built-image.ts'
import { mariadb10, mariadb11 } from './mariadb.ts'
import { mysql97 } from './mysql.ts'
import { postgres15, postgres17 } from './postgres.ts'
import { redis7, redis8, valkey8 } from './redis.ts'

export interface DatastoreImage {
  official: string
  built?: ImageRecipe
}

const images = {
  'postgresql:17': { official: 'postgres:17', built: postgres17 },
  'postgresql:15': { official: 'postgres:15', built: postgres15 },
  'mariadb:11.8': { official: 'mariadb:11.8', built: mariadb11 },
  'mariadb:10.11': { official: 'mariadb:10.11', built: mariadb10 },
  'mysql:9.7': { official: 'mysql:9.7', built: mysql97 },
  'mysql:8.4': { official: 'mysql:8.4' },
  'percona:8.4': { official: 'percona/percona-server:8.4' },
  'redis:8.0': { official: 'redis:8.0', built: redis8 },
  'redis:7.0': { official: 'redis:7.0', built: redis7 },
  'valkey:8.1': { official: 'valkey/valkey:8.1', built: valkey8 },
} satisfies Record<string, DatastoreImage>

/** A datastore and its version, as an Instance states them. */
export type DatastoreVersion = keyof typeof images

export const datastoreImages: Readonly<Record<DatastoreVersion, DatastoreImage>> = images
