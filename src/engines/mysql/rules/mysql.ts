/** What MySQL's parameters are, for each version that there are rules for. */
import { catalogues } from '../../parameters/catalogue.ts'
import { family } from './family.ts'
import rules9_7 from './mysql-9.7.json' with { type: 'json' }

export const mysqlParameters = catalogues('MySQL', { '9.7': rules9_7 }, family)
