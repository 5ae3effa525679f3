import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BindingInput } from './operator-engine.ts'
import { connectionUri } from './uri.ts'

const bindingUri = (input: BindingInput) => connectionUri('postgresql', input)
const server = { host: 'shop.team.svc', port: 5432 }
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 63 })

test('any user, password and database come back from the uri by a URL parser', () => {
  const database = text.filter(d => d !== '.' && d !== '..') // reserved by each engine
  fc.assert(
    fc.property(text, text, database, (username, password, database) => {
      const url = new URL(bindingUri({ ...server, username, password, database }))
      expect([url.hostname, url.port, url.search, url.hash]).toEqual([server.host, '5432', '', ''])
      expect([url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent)).toEqual([username, password, database])
    }),
    { numRuns: 1000 },
  )
})

test('a uri holds nothing that a shell, a YAML reader or a parser of URIs takes for its own', () => {
  fc.assert(
    fc.property(text, text, (username, password) => {
      expect(bindingUri({ ...server, username, password, database: username })).toMatch(
        /^postgresql:\/\/[-._~%A-Za-z0-9]+:[-._~%A-Za-z0-9]+@shop\.team\.svc:5432\/[-._~%A-Za-z0-9]+$/,
      )
    }),
  )
})

test('a user without access to any database has a uri without one', () => {
  expect(bindingUri({ ...server, username: 'a b', password: "p'w" })).toBe('postgresql://a%20b:p%27w@shop.team.svc:5432')
})
