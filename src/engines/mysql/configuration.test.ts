import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaults, render } from './configuration.ts'

const mib = 1024 * 1024
const self = { name: 'shop', role: 'Writer' } as const
const size = (memory: number) => ({ version: '9.7', flavor: { cpuMillis: 1000, memoryBytes: memory * mib } })
const file = (parameters: Record<string, string>) => render('mysql', { self, members: [self], ...size(512), parameters })[0]!.content

/** As the server reads it: a section, then names and values, unquoted. */
function read(content: string): Record<string, string> {
  const [section, ...lines] = content.trimEnd().split('\n')
  expect(section).toBe('[mysqld]')
  return Object.fromEntries(
    lines.map(line => {
      const [, name = '', value = ''] = /^(\w+) = "((?:[^"\\]|\\["\\])*)"$/.exec(line)!
      return [name, value.replace(/\\(.)/g, '$1')]
    }),
  )
}

test.each([
  [
    256,
    { innodb_buffer_pool_size: 80 * mib, max_connections: 50, table_open_cache: 128, tmp_table_size: 8 * mib, key_buffer_size: 25 * mib },
  ],
  [512, { innodb_buffer_pool_size: 144 * mib, max_connections: 100, table_open_cache: 256, tmp_table_size: 16 * mib }],
  [4096, { innodb_buffer_pool_size: 1152 * mib, max_connections: 800, max_user_connections: 800, tmp_table_size: 128 * mib }],
  [1024 * 1024, { max_connections: 10_000 }],
])('memory is shared out as Trove’s templates do: %i MiB', (memory, expected) => {
  const texts = Object.entries(expected).map(([name, value]) => [name, String(value)])
  expect(defaults('mysql', size(memory))).toMatchObject(Object.fromEntries(texts))
})

test('no default could cost an acknowledged row', () => {
  for (const engine of ['mysql', 'mariadb', 'percona'] as const)
    expect(defaults(engine, size(512))).toMatchObject({ innodb_flush_log_at_trx_commit: '1', innodb_doublewrite: 'ON' })
})

test('no value breaks out of its line, and what the operator owns is not overridden', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), value => {
      if (/[\0\r\n]/.test(value)) expect(() => file({ init_connect: value })).toThrow(RangeError)
      else expect(read(file({ init_connect: value, port: value }))).toMatchObject({ init_connect: value, port: '3306' })
    }),
  )
})
