import { conforms } from './behaviours.ts'
import { mysql } from './mysql-dialect.ts'

await conforms('mysql', mysql('mysql', 'mysqld'))
