import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaults, render } from './configuration.ts'
import { redis } from './operator.ts'

const mib = 1024 * 1024
const self = { name: 'shop', role: 'Writer' } as const
const size = (memoryBytes: number) => ({ version: '8.0', flavor: { cpuMillis: 1000, memoryBytes } })
const file = (memoryBytes: number, more: Record<string, string> = {}) =>
  render({ self, members: [self], ...size(memoryBytes), parameters: { ...defaults(size(memoryBytes)), ...more } })[0]!.content

/** As the server reads the file: each line is a name and one word in double quotes. */
function read(content: string): [string, string][] {
  return content
    .trimEnd()
    .split('\n')
    .map(line => /^([a-z][a-z0-9-]*) "((?:[ !#-[\]-~]|\\["\\]|\\x[0-9a-f]{2})*)"$/.exec(line)!)
    .map(([, name = '', value = '']) => [
      name,
      Buffer.from(
        value.replace(/\\(?:x(..)|(.))/g, (_, hex, character) => character ?? String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      ).toString(),
    ])
}
const settings = (memoryBytes: number, more?: Record<string, string>) => Object.fromEntries(read(file(memoryBytes, more)))

test.each([
  [64, { maxmemory: '50331648', maxclients: '1024' }],
  [512, { maxmemory: '402653184', maxclients: '8192' }],
  [65536, { maxmemory: '51539607552', maxclients: '10000' }],
])('memory is shared out as the flavor has it: %i MiB', (memory, expected) => expect(settings(memory * mib)).toMatchObject(expected))

test('in the smallest flavor allowed, data and clients together leave the server room of its own', () => {
  const { maxmemory = '', ...rest } = settings(redis.minimumMemory)
  const clients = (Number(maxmemory) * Number.parseInt(rest['maxmemory-clients'] ?? '', 10)) / 100
  expect(redis.minimumMemory - Number(maxmemory) - clients).toBeGreaterThan(6 * mib)
})

test('no setting is given twice, and none that a crash could cost a key', () => {
  const names = read(file(512 * mib)).map(([name]) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(settings(512 * mib)).toMatchObject({ appendonly: 'yes', appendfsync: 'always', 'no-appendfsync-on-rewrite': 'no' })
})

test('what the operator owns is not overridden', () => {
  for (const name of ['port', 'appendonly', 'logfile']) expect(settings(512 * mib, { [name]: '/elsewhere' })).toEqual(settings(512 * mib))
})

test('no value breaks out of its line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), value => {
      if (value.includes('\0') || !value.isWellFormed()) expect(() => file(512 * mib, { 'proc-title-template': value })).toThrow(RangeError)
      else expect(settings(512 * mib, { 'proc-title-template': value })).toMatchObject({ 'proc-title-template': value, port: '6379' })
    }),
    { numRuns: 500 },
  )
})

test.each(['', 'a b', 'a\nport 1', '#', '"', 'é'])('a name that is none is refused: %j', name =>
  expect(() => file(512 * mib, { [name]: '1' })).toThrow(RangeError),
)
