/** The character sets in which PostgreSQL can store a database (server encodings, the same in 15 to 18), by every name that it takes for them. */

/** From src/common/encnames.c: what may follow is matched without case and without anything but letters and digits, as the server does. */
const serverEncodings = [
  'abc alt euccn eucjis2004 eucjp euckr euctw iso88591 iso885910 iso885913 iso885914 iso885915 iso885916 iso88592 iso88593 iso88594',
  'iso88595 iso88596 iso88597 iso88598 iso88599 koi8 koi8r koi8u latin1 latin10 latin2 latin3 latin4 latin5 latin6 latin7 latin8 latin9',
  'muleinternal sqlascii tcvn tcvn5712 unicode utf8 vscii win win1250 win1251 win1252 win1253 win1254 win1255 win1256 win1257 win1258',
  'win866 win874 windows1250 windows1251 windows1252 windows1253 windows1254 windows1255 windows1256 windows1257 windows1258 windows866',
  'windows874',
].flatMap(line => line.split(' '))

const known = new Set(serverEncodings)

export function isServerEncoding(name: string): boolean {
  return known.has(normal(name))
}

export function isUtf8(name: string): boolean {
  return ['utf8', 'unicode'].includes(normal(name))
}

function normal(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}
