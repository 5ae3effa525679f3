import { conforms } from './behaviours.ts'
import { redis } from './redis-dialect.ts'

await conforms('valkey', redis('valkey-cli', 'valkey-server'))
