/**
 * SCRAM-SHA-256 verifiers (RFC 5803) as PostgreSQL stores them, made here so that no password is ever sent to the server. A verifier that
 * fits its password is left alone: its salt is random, so a new one would be a needless write.
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify(pbkdf2)

/** PostgreSQL's own default. Generated passwords are long: a larger number would only make every login dearer. */
const iterations = 4096
/** A role may store what verifier it likes for itself; one that is dear to check is replaced unchecked. */
const maxIterations = 100_000

export async function verifier(password: string, salt: Buffer = randomBytes(16)): Promise<string> {
  const { storedKey, serverKey } = await keys(password, salt, iterations)
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey.toString('base64')}:${serverKey.toString('base64')}`
}

export async function verifies(password: string, stored: string | null): Promise<boolean> {
  const parts = /^SCRAM-SHA-256\$(\d{1,6}):([A-Za-z0-9+/=]{1,1024})\$([A-Za-z0-9+/=]{44}):([A-Za-z0-9+/=]{44})$/.exec(stored ?? '')
  if (parts === null) return false
  const [, count = '', salt = '', storedKey = '', serverKey = ''] = parts
  const rounds = Number(count)
  if (rounds < 1 || rounds > maxIterations) return false
  const found = await keys(password, Buffer.from(salt, 'base64'), rounds)
  return equal(found.storedKey, storedKey) && equal(found.serverKey, serverKey)
}

async function keys(password: string, salt: Buffer, rounds: number) {
  const salted = await derive(prepared(password), salt, rounds, 32, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  const storedKey = createHash('sha256').update(clientKey).digest()
  const serverKey = createHmac('sha256', salted).update('Server Key').digest()
  return { storedKey, serverKey }
}

/**
 * The steps of SASLprep (RFC 4013) that change a password; to ASCII they do nothing. What SASLprep forbids, libpq uses as it stands, which
 * is the same here: control characters and those newer than Unicode 3.2 pass unchanged. Only a password that has both such a character and
 * one that is mapped comes out differently; Trove generates none.
 */
function prepared(password: string): string {
  return password
    .replaceAll(/[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/gu, ' ')
    .replaceAll(/\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu, '')
    .normalize('NFKC')
}

function equal(key: Buffer, base64: string): boolean {
  const other = Buffer.from(base64, 'base64')
  return key.length === other.length && timingSafeEqual(key, other)
}
