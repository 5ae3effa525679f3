import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifier, verifies } from './scram.ts'

test('the verifier is the one of RFC 7677’s example', async () => {
  // salt, StoredKey and ServerKey of "pencil" there
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  expect(await verifier('pencil', salt)).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  )
})

test('a verifier fits its own password and no other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), async (password, other) => {
      const stored = await verifier(password)
      expect(await verifies(password, stored)).toBe(true)
      expect(await verifies(other, stored)).toBe(other === password)
    }),
    { numRuns: 30 },
  )
})

test('two verifiers of one password differ by their salts', async () => {
  expect(await verifier('secret')).not.toBe(await verifier('secret'))
})

test.each([
  ['nothing', null],
  ['an MD5 hash', 'md5c1d8a3e1f8a7d6f0e5b4a3928170f6e5'],
  ['a password as it is', 'secret'],
  ['a verifier that would take minutes to check', `SCRAM-SHA-256$999999:c2FsdA==$${'A'.repeat(43)}=:${'A'.repeat(43)}=`],
  ['a verifier of no rounds', `SCRAM-SHA-256$0:c2FsdA==$${'A'.repeat(43)}=:${'A'.repeat(43)}=`],
  ['a verifier with keys that are too short', `SCRAM-SHA-256$4096:c2FsdA==$AAAA:AAAA`],
])('%s fits no password', async (_, stored) => expect(await verifies('secret', stored)).toBe(false))

test.each([
  ['a no-break space as a space', 'a\u00A0b', 'a b'],
  ['a soft hyphen as nothing', 'a\u00ADb', 'ab'],
  ['a ligature as its letters', 'ﬁ', 'fi'],
  ['an accent as part of its letter', 'e\u0301', 'é'],
])('SASLprep reads %s', async (_, password, same) => expect(await verifies(same, await verifier(password))).toBe(true))
