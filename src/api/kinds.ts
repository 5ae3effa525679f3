/** Every kind of the API, in the order in which a reader meets them. A kind is here only once it works. */
import { configurationGroupKind } from './configurationgroup.ts'
import { databaseKind } from './database.ts'
import { databaseUserKind } from './databaseuser.ts'
import { datastoreKind } from './datastore.ts'
import { datastoreVersionKind } from './datastoreversion.ts'
import { flavorKind } from './flavor.ts'
import { guestKind } from './guest.ts'
import { instanceKind } from './instance.ts'

export const kinds = [
  datastoreKind,
  datastoreVersionKind,
  flavorKind,
  instanceKind,
  configurationGroupKind,
  databaseKind,
  databaseUserKind,
  guestKind,
] as const
