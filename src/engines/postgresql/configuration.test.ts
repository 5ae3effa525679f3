import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaults, render } from './configuration.ts'
import { postgresql } from './operator.ts'

const mib = 1024 * 1024
const self = { name: 'shop', role: 'Writer' } as const

const size = (memoryBytes: number) => ({ version: '17', flavor: { cpuMillis: 1000, memoryBytes } })
const files = (memoryBytes: number, more: Record<string, string> = {}) =>
  render({ self, members: [self], ...size(memoryBytes), parameters: { ...defaults(size(memoryBytes)), ...more } }).map(f => f.content)

/** As the server reads the file: name and value, unquoted. */
function read(content = ''): [string, string][] {
  return content
    .trimEnd()
    .split('\n')
    .map(line => /^(\S+) = '((?:[^'\\]|''|\\\\)*)'$/.exec(line)!)
    .map(([, name = '', value = '']) => [name, value.replaceAll("''", "'").replaceAll('\\\\', '\\')])
}
const settings = (memoryBytes: number, more?: Record<string, string>) => Object.fromEntries(read(files(memoryBytes, more)[0]))

test.each([
  [256, { max_connections: '50', shared_buffers: '32MB', effective_cache_size: '128MB', maintenance_work_mem: '16MB' }],
  [512, { max_connections: '100', shared_buffers: '51MB', effective_cache_size: '256MB', maintenance_work_mem: '32MB' }],
  [2048, { max_connections: '400', shared_buffers: '204MB', effective_cache_size: '1536MB', maintenance_work_mem: '128MB' }],
  [3072, { max_connections: '600', shared_buffers: '768MB', effective_cache_size: '2560MB', maintenance_work_mem: '192MB' }],
  [65536, { max_connections: '1000', shared_buffers: '16384MB', effective_cache_size: '65024MB', maintenance_work_mem: '1024MB' }],
])('memory is shared out as the flavor has it: %i MiB', (memory, expected) => expect(settings(memory * mib)).toMatchObject(expected))

test('the smallest flavor allowed leaves its sessions more than half of its memory', () => {
  const { shared_buffers } = settings(postgresql.minimumMemory)
  expect(Number.parseInt(shared_buffers ?? '', 10)).toBeLessThan(postgresql.minimumMemory / mib / 2)
})

test('no setting is given twice, and none that a crash could cost a row', () => {
  const names = read(files(512 * mib)[0]).map(([name]) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(settings(512 * mib)).toMatchObject({ fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' })
})

test('the superuser is kept out over TCP before anybody is let in', () => {
  const [, hba = ''] = files(512 * mib)
  const lines = hba
    .trimEnd()
    .split('\n')
    .map(line => line.split(/ +/).join(' '))
  expect(lines).toEqual([
    'local all postgres peer',
    'local all all reject',
    'host all postgres all reject',
    'host postgres root all scram-sha-256',
    'host postgres,template1 all all reject',
    'host all all all scram-sha-256',
  ])
})

test('no value breaks out of its line, and what the operator owns is not overridden', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), value => {
      if (/[\0\r\n]/.test(value)) expect(() => files(512 * mib, { search_path: value })).toThrow()
      else expect(settings(512 * mib, { search_path: value, port: value })).toMatchObject({ search_path: value, port: '5432' })
    }),
  )
})
