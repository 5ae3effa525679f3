import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Layers } from '../../api/guest.ts'
import { operatorEngines } from '../../engines/operator-engines.ts'
import { aGroup, anInstance, aVersion } from '../examples.ts'
import { memoryNeeded } from '../judge-settings.ts'
import { sizeOf } from '../size.ts'
import { settle, type Taken } from './settle.ts'

type Values = Record<string, string | number>

const flavor = { name: 'small', cpu: '500m', memory: '1Gi' }
const server = { datastore: 'mariadb', engine: operatorEngines.mariadb, version: '11.8', flavor }
const redis = { datastore: 'redis', engine: operatorEngines.redis, version: '8.0', flavor }

/** `group: undefined` is an Instance without one. */
function ask(version: Values, group: Values | undefined, inForce?: Partial<Layers>, of = server) {
  const { spec } = anInstance(group && { configurationRef: { name: 'settings' } })
  const found = aVersion({ version: of.version, defaults: version })
  return settle(spec, found, group && aGroup(group, { type: of.datastore }), of, inForce && { defaults: defaultsOf(of), ...inForce })
}
const defaultsOf = ({ engine, version }: typeof server) => engine.defaults(sizeOf({ version, flavor }))

const mib = (sizes: Record<string, number>) =>
  Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, String(size * 2 ** 20)]))
const [pool700, pool128, key800, key600, key16] = [
  mib({ innodb_buffer_pool_size: 700 }),
  mib({ innodb_buffer_pool_size: 128 }),
  mib({ key_buffer_size: 800 }),
  mib({ key_buffer_size: 600 }),
  mib({ key_buffer_size: 16 }),
] as const

test('what fits is taken, and of a setting that both state the group’s counts', () => {
  expect(ask(pool700, pool128)).toEqual({ taken: { settings: pool700, groupSettings: pool128 } })
  expect(ask(pool700, { ...key800, ...pool128 }).fault, 'the group makes room in the version’s').toBeUndefined()
  expect(ask(pool128, key800).fault, 'the version makes room for the group').toBeUndefined()
})

test.each<[string, ReturnType<typeof ask>, Taken]>([
  ['the group comes to a version that leaves no room', ask(pool700, key800, { version: pool700 }), { settings: pool700 }],
  ['the version comes to a group that leaves no room', ask(pool700, key600, { group: key600 }), { groupSettings: key600 }],
  ['the version no longer makes room', ask({}, key800, { version: pool128, group: key800 }), { groupSettings: key800 }],
  ['the group no longer makes room', ask(pool700, key800, { version: pool700, group: { ...key800, ...pool128 } }), { settings: pool700 }],
  ['both move at once', ask(pool700, key800, { version: pool128, group: key16 }), { groupSettings: key800 }],
  ['there is nothing yet', ask(pool700, key600), { groupSettings: key600 }],
  ['the version’s are too large by themselves', ask({ ...pool700, ...key800 }, {}, { version: pool700 }), { groupSettings: {} }],
  ['and a group that makes room is no remedy', ask({ ...pool700, ...key800 }, key16, { version: pool700 }), { groupSettings: key16 }],
])('settings that need more memory together than the Flavor has are not taken together: %s', (_, { taken, fault }, wanted) => {
  expect(taken).toEqual(wanted)
  expect(fault?.code).toBe('ConfigurationInvalid')
})

test('a pair that fits is taken though neither fits with what there was of the other', () => {
  const had = { version: mib({ key_buffer_size: 700 }), group: mib({ key_buffer_size: 16, innodb_log_buffer_size: 400 }) }
  const [settings, groupSettings] = [
    mib({ aria_pagecache_buffer_size: 500 }),
    mib({ aria_pagecache_buffer_size: 16, innodb_log_buffer_size: 200 }),
  ]
  expect(ask(settings, had.group, had).fault).toBeDefined()
  expect(ask(had.version, groupSettings, had).fault).toBeDefined()
  expect(ask(settings, groupSettings, had)).toEqual({ taken: { settings, groupSettings } })
})

test('a group is taken away whatever the version sets', () => {
  expect(ask(pool700, undefined, { version: pool700, group: pool128 })).toEqual({ taken: { settings: pool700, groupSettings: {} } })
})

const of = (object: string, names: string, size: string) =>
  `${object} cannot be taken: ${names} would bring the memory that the server takes as a whole to ${size}, and Flavor "small" has 1Gi`
test.each([
  ['the group', ask(pool700, key800), of('ConfigurationGroup "settings"', 'key_buffer_size', '1104Mi')],
  [
    'the group over the version',
    ask(pool700, key800, { version: pool700 }),
    of('ConfigurationGroup "settings"', 'innodb_buffer_pool_size, key_buffer_size', '1500Mi'),
  ],
  [
    'the group, though the version is wrong too',
    ask({ no_such: 1 }, { ...pool700, ...key800 }),
    'ConfigurationGroup "settings" cannot be taken: innodb',
  ],
  [
    'the version that makes no room',
    ask({}, key800, { version: pool128, group: key800 }),
    of('spec.defaults of DatastoreVersion "pg-17"', 'key_buffer_size', '1104Mi'),
  ],
  ['the version by itself', ask({ ...pool700, ...key800 }, key16), 'spec.defaults of DatastoreVersion "pg-17" cannot be taken: innodb'],
  [
    'the group with a version that has no part in it',
    ask({ max_connections: 50 }, { ...pool700, ...key800 }),
    'ConfigurationGroup "settings" cannot',
  ],
])('what is not taken is told: %s', (_, { fault }, message) => expect(fault?.message).toContain(message))

test('what is too large already holds up nothing that makes it no larger, and is told', () => {
  const had = { version: { maxmemory: '0' }, group: { hz: '20' } }
  const gone = ask({ maxmemory: 0 }, undefined, had, redis)
  expect(gone.taken).toEqual({ groupSettings: {} })
  expect(gone.fault?.message).toContain('DatastoreVersion')
  expect(ask({ maxmemory: 0 }, { hz: 30 }, had, redis).taken).toEqual({ groupSettings: { hz: '30' } })
  const grouped = ask({ hz: 30 }, { maxmemory: 0 }, { version: {}, group: { maxmemory: '0' } }, redis)
  expect(grouped.taken).toEqual({ settings: { hz: '30' }, groupSettings: { maxmemory: '0' } })
  expect(grouped.fault?.message).toContain('ConfigurationGroup')
  const lower = ask({}, { ...mib({ key_buffer_size: 700 }), ...pool700 }, { group: { ...key800, ...pool700 } })
  expect(lower.taken.groupSettings).toBeDefined()
})

test('what is wrong in one layer leaves it as it was, and the other has what room there is then', () => {
  const { taken, fault } = ask(pool700, { no_such: 1 }, { group: key800 })
  expect(taken).toEqual({})
  expect(fault?.message).toContain('no_such')
  expect(ask(pool128, { no_such: 1 }, { group: key800 }).taken).toEqual({ settings: pool128 })
  expect(ask({ no_such: 1 }, key800, { version: pool700 }).taken).toEqual({})
})

test.each([0, '0gb'])('a Redis whose memory has no bound fits into no Flavor: maxmemory %s', maxmemory => {
  const all = ask({ maxmemory }, { maxmemory: '500mb' }, { group: { maxmemory: '524288000' } }, redis)
  expect(all.taken).toEqual({ groupSettings: { maxmemory: '524288000' } })
  expect(all.fault?.message).toContain('maxmemory would bring the memory that the server takes as a whole to whatever it can get')
  expect(ask({}, { maxmemory: '700mb' }, undefined, redis).fault).toBeUndefined()
})

test('whatever there was and is asked for: one step settles it, it never needs more memory than there is or was, and without a fault it is what is asked', () => {
  const size = fc.option(fc.constantFrom(16, 128, 400, 700, 2000), { nil: undefined })
  const layer = fc.record({ innodb_buffer_pool_size: size, key_buffer_size: size }).map(sizes => {
    return mib(Object.fromEntries(Object.entries(sizes).flatMap(([name, size]) => (size === undefined ? [] : [[name, size] as const]))))
  })
  fc.assert(
    fc.property(layer, fc.option(layer, { nil: undefined }), layer, layer, (version, group, hadVersion, hadGroup) => {
      const had: Layers = { defaults: defaultsOf(server), version: hadVersion, group: hadGroup }
      const { taken, fault } = ask(version, group, had)
      const has: Layers = { ...had, version: taken.settings ?? hadVersion, group: taken.groupSettings ?? hadGroup }
      expect(memoryNeeded(server, has)).toBeLessThanOrEqual(Math.max(2 ** 30, memoryNeeded(server, had)))
      const again = ask(version, group, has)
      expect({ version: again.taken.settings ?? has.version, group: again.taken.groupSettings ?? has.group }).toEqual({
        version: has.version,
        group: has.group,
      })
      if (fault === undefined) expect([has.version, has.group]).toEqual([version, group ?? {}])
    }),
    { numRuns: 500 },
  )
})
