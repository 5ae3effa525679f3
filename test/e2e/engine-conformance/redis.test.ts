import { conforms } from './behaviours.ts'
import { redis } from './redis-dialect.ts'

await conforms('redis', redis('redis-cli', 'redis-server'))
