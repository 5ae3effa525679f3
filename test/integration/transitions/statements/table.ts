/** The table: one entry for every field of every kind that is walked. A field that is in a CRD and not here fails the tests. */
import { ofCatalog } from './catalog.ts'
import { ofGroups } from './groups.ts'
import { ofInstance } from './instance.ts'
import { ofItems } from './items.ts'
import type { Statement } from './statement.ts'

export const statements: Readonly<Record<string, Statement>> = { ...ofInstance, ...ofGroups, ...ofItems, ...ofCatalog }
