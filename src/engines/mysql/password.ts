/**
 * What these servers store of a password, made here so that no password is ever sent to one: MariaDB's mysql_native_password, and MySQL's
 * caching_sha2_password, which is SHA-crypt (https://www.akkadia.org/drepper/SHA-crypt.txt) with a salt of 20 bytes and 5000 rounds.
 */
import { createHash, randomBytes } from 'node:crypto'

export interface Authentication {
  plugin: string
  /** The authentication string for `IDENTIFIED WITH … AS`. */
  verifier(password: string): Buffer
  verifies(password: string, stored: Buffer): boolean
}

const digest = (algorithm: 'sha1' | 'sha256', ...parts: Buffer[]) => {
  const hash = createHash(algorithm)
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const nativeVerifier = (password: string) =>
  Buffer.from(
    `*${digest('sha1', digest('sha1', Buffer.from(password)))
      .toString('hex')
      .toUpperCase()}`,
  )

export const nativePassword: Authentication = {
  plugin: 'mysql_native_password',
  verifier: nativeVerifier,
  verifies: (password, stored) => nativeVerifier(password).equals(stored),
}

const saltBytes = 20
const rounds = 5000
/** `$A$`, rounds in thousands as three hexadecimal digits, `$`, then salt and digest without anything between them. */
const head = Buffer.from('$A$005$')

export const cachingSha2Password: Authentication = {
  plugin: 'caching_sha2_password',
  verifier: password => shaCrypt(password, newSalt()),
  verifies: (password, stored) => {
    const salt = stored.subarray(head.length, head.length + saltBytes)
    return stored.subarray(0, head.length).equals(head) && salt.length === saltBytes && shaCrypt(password, salt).equals(stored)
  },
}

/** As the server makes its own: seven bits to a byte, and neither NUL nor `$`. */
const newSalt = () => Buffer.from(randomBytes(saltBytes).map(byte => byte & 0x7f || 1)).map(byte => (byte === 0x24 ? 0x25 : byte)) as Buffer

const size = 32
/** Bytes of the digest in the order in which they are written, three at a time, each group as four letters from its lowest six bits up. */
const order = [0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19, 29]
const letters = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function shaCrypt(password: string, salt: Buffer): Buffer {
  const key = Buffer.from(password)
  const filled = (digested: Buffer, length: number) => Buffer.alloc(length, digested)
  const b = digest('sha256', key, salt, key)
  const bits: Buffer[] = []
  for (let n = key.length; n > 0; n >>= 1) bits.push(n % 2 === 1 ? b : key)
  const a = digest('sha256', key, salt, filled(b, key.length), ...bits)
  const p = filled(digest('sha256', ...Array.from({ length: key.length }, () => key)), key.length)
  const s = filled(digest('sha256', ...Array.from({ length: 16 + a[0]! }, () => salt)), salt.length)
  let c = a
  for (let round = 0; round < rounds; round++) {
    const odd = round % 2 === 1
    c = digest('sha256', odd ? p : c, ...(round % 3 === 0 ? [] : [s]), ...(round % 7 === 0 ? [] : [p]), odd ? c : p)
  }
  return Buffer.concat([head, salt, Buffer.from(encoded(c), 'latin1')])
}

function encoded(c: Buffer): string {
  let text = ''
  const group = (value: number, count: number) => {
    for (let n = 0, left = value; n < count; n++, left >>= 6) text += letters[left & 0x3f]
  }
  for (let n = 0; n < order.length; n += 3) group((c[order[n]!]! << 16) | (c[order[n + 1]!]! << 8) | c[order[n + 2]!]!, 4)
  group((c[size - 1]! << 8) | c[size - 2]!, 3)
  return text
}
