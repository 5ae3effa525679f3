import { conforms } from './behaviours.ts'

await conforms('redis')
