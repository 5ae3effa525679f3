/**
 * Reads what a person wrote for one parameter, and gives it back as the server would print it; undefined if the server would not take it.
 * What is read once more comes out as it is. YAML makes `on` a boolean and `100` a number, so neither says what the parameter is: only its rule does.
 */
import { readFloat, readInteger, readPercentage } from './number.ts'
import type { Notation, ParameterRule } from './rule.ts'

export type Written = string | number | boolean

export const maxTextLength = 1024

export function readValue(rule: ParameterRule, notation: Notation, written: Written): string | undefined {
  // A number that is not written as text may already be another than was meant.
  if (typeof written === 'number' && !Number.isFinite(written)) return undefined
  if (typeof written === 'number' && Number.isInteger(written) && !Number.isSafeInteger(written)) return undefined
  const text = typeof written === 'string' ? written.trim() : String(written)
  switch (rule.type) {
    case 'boolean': {
      const to = truth(text)
      return to === undefined ? undefined : to ? notation.on : notation.off
    }
    case 'integer':
      return typeof written === 'boolean' ? undefined : (readPercentage(rule, text) ?? readInteger(rule, notation, text)?.text)
    case 'float':
      return typeof written === 'boolean' ? undefined : readFloat(rule, notation, text)?.text
    case 'enum':
      return word(rule.values ?? [], text)
    case 'flags':
      return flags(rule, notation, text)
    case 'string':
      return typeof written === 'boolean' ? undefined : oneLine(typeof written === 'string' ? written : text)
  }
}

const trueWords = ['on', 'true', 'yes', '1']
const falseWords = ['off', 'false', 'no', '0']

function truth(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  return trueWords.includes(lower) ? true : falseWords.includes(lower) ? false : undefined
}

/** Of several values the one that is meant: in any case, and true and false as whatever the values have for them. */
function word(values: readonly string[], text: string): string | undefined {
  const lower = text.toLowerCase()
  const same = values.find(value => value === text) ?? values.find(value => value.toLowerCase() === lower)
  if (same !== undefined) return same
  const to = truth(text)
  if (to === undefined) return undefined
  const words = to ? trueWords : falseWords
  return words.map(name => values.find(value => value.toLowerCase() === name)).find(value => value !== undefined)
}

/** In the server's own order, so that what is the same is written the same. */
function flags({ values = [] }: ParameterRule, { separator }: Notation, text: string): string | undefined {
  const given = text.split(separator).map(part => part.trim())
  const found = new Set<string>()
  for (const part of given.filter(part => part !== '' || given.length > 1)) {
    const value = word(values, part)
    if (value === undefined) return undefined
    found.add(value)
  }
  const switches = [...found].map(value => value.split('=')[0])
  if (new Set(switches).size < switches.length) return undefined
  return values.filter(value => found.has(value)).join(separator)
}

/** No control character and no other end of a line: a value is one line of a file. */
function oneLine(text: string): string | undefined {
  return text.length <= maxTextLength && text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) ? text : undefined
}
