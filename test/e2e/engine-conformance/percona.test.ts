import { conforms } from './behaviours.ts'
import { mysql } from './mysql-dialect.ts'

await conforms('percona', mysql('mysql', 'mysqld'))
