import { conforms } from './behaviours.ts'

await conforms('percona')
