/** What MariaDB's parameters are, for each version that there are rules for. */
import { catalogues } from '../../parameters/catalogue.ts'
import { family } from './family.ts'
import rules10_11 from './mariadb-10.11.json' with { type: 'json' }
import rules11_8 from './mariadb-11.8.json' with { type: 'json' }

export const mariadbParameters = catalogues('MariaDB', { '10.11': rules10_11, '11.8': rules11_8 }, family)
