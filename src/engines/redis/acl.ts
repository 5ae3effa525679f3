/**
 * Users as the server has them, in memory and in its file: one line each, `user NAME RULES`. A user of ours bears a mark in its rules, so that it
 * comes and goes with the user: a selector that allows no command, and a channel of that name to it.
 */
import { createHash } from 'node:crypto'
import type { Privilege } from '../../api/databaseuser.ts'
import { everything, rulesFor } from './privileges.ts'

const channels = { user: '&trove.dev/user', root: '&trove.dev/root' } as const

/** A DatabaseUser's login, or the one with every right. */
export type Kind = keyof typeof channels

/** For ACL SETUSER. The server stores passwords as their SHA-256; sent so, none is ever in its memory or log. */
function rules(kind: Kind, may: readonly string[], password: string): string[] {
  const hash = createHash('sha256').update(password).digest('hex')
  return ['reset', 'on', `#${hash}`, ...may, `(${channels[kind]})`]
}

export const userRules = (privilege: Privilege | undefined, password: string) => rules('user', rulesFor(privilege), password)
export const rootRules = (password: string) => rules('root', everything, password)

/** Rules by name. */
export function parseUsers(lines: readonly string[]): Map<string, string> {
  const words = lines.map(line => /^user ([^ ]+) (.*)$/s.exec(line)).filter(match => match !== null)
  return new Map(words.map(([, name = '', rules = '']) => [name, rules]))
}

/** Each version spells a selector out in its own way; a channel in it is one word. */
export function isOurs(kind: Kind, rules: string): boolean {
  const selectors = [...rules.matchAll(/\(([^()]*)\)/g)].map(([, selector = '']) => selector.split(' '))
  return selectors.some(words => words.includes(channels[kind]))
}
