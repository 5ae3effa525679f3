/**
 * The only place where a value becomes part of redis.conf. Everything but plain printable ASCII is an escape inside double quotes, so that no
 * value reaches into another line and none is read in a character set of the reader's own.
 */
export function directive(name: string, value: string): string {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new RangeError(`not the name of a setting: ${JSON.stringify(name)}`)
  return `${name} ${quoted(value)}\n`
}

/** As sdssplitargs reads it. Settings are C strings there: what follows a NUL would be lost. */
function quoted(value: string): string {
  if (value.includes('\0') || !value.isWellFormed()) throw new RangeError('redis.conf cannot hold a NUL or half a surrogate pair')
  const bytes = [...Buffer.from(value)].map(byte => {
    const character = String.fromCharCode(byte)
    if (character === '"' || character === '\\') return `\\${character}`
    return byte >= 0x20 && byte < 0x7f ? character : `\\x${byte.toString(16).padStart(2, '0')}`
  })
  return `"${bytes.join('')}"`
}
