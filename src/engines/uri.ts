/** URIs by which an application connects: every part percent-encoded, so that no password or name can reach into another part. */
import type { BindingInput } from './operator-engine.ts'

export function connectionUri(scheme: string, { host, port, username, password, database }: BindingInput): string {
  const path = database === undefined ? '' : `/${percentEncoded(database)}`
  return `${scheme}://${percentEncoded(username)}:${percentEncoded(password)}@${host}:${port}${path}`
}

/** Everything but RFC 3986's unreserved characters: `encodeURIComponent` leaves `!'()*`, which some parsers and shells read as their own. */
function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}
