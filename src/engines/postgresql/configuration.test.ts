import { expect, test } from 'vitest'
import { render } from './configuration.ts'
import { postgresql } from './operator.ts'

const mib = 1024 * 1024
const self = { name: 'shop', role: 'Writer' } as const

function settings(memoryBytes: number): Record<string, string> {
  const [conf] = render({ self, members: [self], version: '17', flavor: { cpuMillis: 1000, memoryBytes } })
  return Object.fromEntries(
    (conf?.content ?? '')
      .trimEnd()
      .split('\n')
      .map(line => line.split(' = ') as [string, string]),
  )
}

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
  const [conf] = render({ self, members: [self], version: '17', flavor: { cpuMillis: 1000, memoryBytes: 512 * mib } })
  const names = (conf?.content ?? '')
    .trimEnd()
    .split('\n')
    .map(line => line.split(' = ')[0])
  expect(new Set(names).size).toBe(names.length)
  expect(settings(512 * mib)).toMatchObject({ fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' })
})

test('the superuser is kept out over TCP before anybody is let in', () => {
  const [, hba] = render({ self, members: [self], version: '17', flavor: { cpuMillis: 1000, memoryBytes: 512 * mib } })
  const lines = (hba?.content ?? '')
    .trimEnd()
    .split('\n')
    .map(line => line.split(/ +/).join(' '))
  expect(lines).toEqual([
    'local all postgres peer',
    'local all all reject',
    'host all postgres all reject',
    'host postgres,template1 all all reject',
    'host all all all scram-sha-256',
  ])
})
