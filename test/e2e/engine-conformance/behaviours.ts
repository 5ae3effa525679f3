/**
 * One list of behaviours for every engine. What an engine declares that it can do decides what is asked of it, so that nothing is declared and
 * not proven; what it does not declare must be refused, with a code. Passwords here are Trove's own: the hostile ones are in test/integration, where
 * each engine's guest half is given any.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EngineName } from '../../../src/api/datastore.ts'
import { operatorEngines } from '../../../src/engines/operator-engines.ts'
import { catalogueOf } from '../../../src/engines/parameters/catalogue.ts'
import { unsuitableImage } from '../../kind/images.ts'
import { stepLog } from '../../kind/steps.ts'
import { writesSince } from '../audit.ts'
import { binding, bindingIn, clientImage, type Login } from '../client.ts'
import { kill, onNode, pidsOf, volumeOf } from '../node.ts'
import { database, hostileNames, user } from '../objects.ts'
import { nothingRemains } from '../remains.ts'
import {
  apply,
  becomes,
  cluster,
  condition,
  get,
  gone,
  guestOf,
  kubectl,
  maybe,
  type Obj,
  openTenant,
  ready,
  tryKubectl,
  until,
} from '../world.ts'
import { type Client, type Dialect, openClient, type Setting } from './clients.ts'
import { type Subject, subjectsOf } from './subjects.ts'

const hostile = [...hostileNames, '-rf', '~* +@all']

/** Reasons for which a name may be refused. */
const refusals = ['IdentifierInvalid', 'IdentifierReserved', 'IdentifierTooLong', 'NameTaken']

/** Puts every version of an engine that is to be tried to the same list. What cannot be had is said, and not passed over in silence. */
export async function conforms(engine: EngineName, dialect: Dialect): Promise<void> {
  const { proven, unproven } = await subjectsOf(engine)
  for (const subject of unproven)
    test.skip(`UNPROVEN ${subject.datastore} ${subject.version}: its image ${subject.image} cannot be had here`)
  for (const subject of proven) describe(`${subject.datastore} ${subject.version}`, () => behaves(subject, dialect))
}

function behaves({ engine, datastore, version, image, predecessors }: Subject, dialect: Dialect): void {
  const { capabilities, minimumMemory, parameters } = operatorEngines[engine]
  /** Without them nobody can set anything. */
  const hasRules = catalogueOf(parameters, version) !== undefined
  const flavorOf = (name: string, memory: string) => ({
    apiVersion: 'trove.dev/v1alpha1',
    kind: 'Flavor',
    metadata: { name: `conformance-${engine}-${name}` },
    spec: { cpu: '250m', memory },
  })
  /** The smallest that the engine takes. */
  const flavor = flavorOf('smallest', String(minimumMemory))
  const instance = (name: string, spec: object = {}) => ({
    apiVersion: 'trove.dev/v1alpha1',
    kind: 'Instance',
    metadata: { name, namespace: ns },
    spec: { datastore: { type: datastore, version }, flavorRef: { name: flavor.metadata.name }, volume: { size: '1Gi' }, ...spec },
  })
  /** Rights as the engine gives them: database by database, or as a whole. */
  const login = (name: string, privilege: string, spec: object = {}) =>
    user(
      name,
      ns,
      'db',
      {},
      { ...(capabilities.databases ? { access: [{ database: 'shop', privilege }] } : { access: [], privilege }), ...spec },
    )
  const patch = (name: string, spec: object) =>
    kubectl(['patch', 'instance', name, '-n', ns, '--type=merge', '-p', JSON.stringify({ spec })])
  const restarted = async (name: string) => {
    const restartRequestedAt = new Date().toISOString()
    await patch(name, { restartRequestedAt })
    await until(
      'the restart is carried out',
      async () => (await get('instance', name, ns)).status.lastRestartRequestedAt === restartRequestedAt,
    )
    await ready(name, ns)
  }
  const podOf = async (name: string): Promise<Obj> => get('pod', await guestOf(name, ns), 'trove-guests')
  const objects = () => [
    instance('db'),
    ...(capabilities.databases ? [database('shop', ns, 'db'), database('other', ns, 'db')] : []),
    ...(capabilities.users ? [login('owner', 'Owner'), login('writer', 'ReadWrite'), login('reader', 'ReadOnly')] : []),
  ]
  let ns: string
  let removeNamespace: () => Promise<void>
  let client: Client
  let owner: Login
  let writer: Login
  let reader: Login

  beforeAll(async () => {
    ;({ ns, remove: removeNamespace } = await openTenant('conforms'))
    await apply(flavor, ...objects())
    await ready('db', ns, 240_000)
    if (!capabilities.users) return
    for (const name of ['owner', 'writer', 'reader']) await becomes('databaseuser', name, ns, 'Ready', 'True')
    client = await openClient(dialect, image, ns)
    ;[owner, writer, reader] = (await Promise.all(['owner', 'writer', 'reader'].map(name => binding(name, ns)))) as [Login, Login, Login]
    expect(await client.prepare(owner)).toMatchObject({ code: 0 })
  })
  afterAll(() => removeNamespace?.())

  /** Keeps a value and finds it again, with a connection for each. */
  const keeps = async (key: string, by = owner) => {
    expect(await client.put(by, key, `value of ${key}`)).toMatchObject({ code: 0 })
    expect((await client.get(by, key)).stdout).toBe(`value of ${key}`)
  }
  const has = async (key: string) => expect((await client.get(owner, key)).stdout).toBe(`value of ${key}`)
  /** The node's own network follows a pod's new address a moment after the pod is ready. */
  const answers = () => until('the engine answers', async () => (await client.whoAmI(owner)).code === 0)

  test('it is provisioned, and says what it is', async () => {
    const db = await get('instance', 'db', ns)
    expect(db.status).toMatchObject({ phase: 'ACTIVE', operatingStatus: 'HEALTHY', datastore: { type: datastore, version } })
    expect(condition(db, 'EngineHealthy')?.message).toContain(`(version ${version}`)
    expect(condition(db, 'ConfigurationApplied')?.status).toBe('True')
  })

  test('applied again, nothing is written', async () => {
    const from = new Date()
    await apply(flavor, ...objects())
    await new Promise(resolve => setTimeout(resolve, 3000))
    const guest = await guestOf('db', ns)
    expect((await writesSince(from)).filter(w => w.pod === guest || w.what.includes(guest))).toEqual([])
  })

  test.runIf(capabilities.users)('a login works with the right password and with no other', async () => {
    expect((await client.whoAmI(owner)).stdout).toBe('owner')
    expect((await client.whoAmI({ ...owner, password: 'wrong' })).stderr).toMatch(client.wrongPassword)
    expect((await client.whoAmI({ ...owner, password: writer.password })).stderr).toMatch(client.wrongPassword)
  })

  test.runIf(capabilities.users)('everybody may do what was granted, and nothing more', async () => {
    await keeps('by-owner')
    await keeps('by-writer', writer)
    expect((await client.get(reader, 'by-owner')).stdout).toBe('value of by-owner')
    const refused = await client.put(reader, 'by-reader', 'x')
    expect(refused.stderr + refused.stdout).toMatch(client.denied)
    if (!capabilities.databases) return
    const elsewhere = await client.whoAmI({ ...owner, database: 'other' })
    expect(elsewhere.code).not.toBe(0)
    expect(elsewhere.stderr).toMatch(client.denied)
  })

  test.runIf(capabilities.users)(
    'rights that are no longer asked for are gone, and a new password takes the place of the old',
    async () => {
      await apply(login('writer', 'ReadOnly', { passwordGeneration: 2 }))
      await becomes('databaseuser', 'writer', ns, 'Ready', 'True')
      const now = await binding('writer', ns)
      expect(now.password).not.toBe(writer.password)
      expect((await client.whoAmI(writer)).stderr).toMatch(client.wrongPassword)
      const refused = await client.put(now, 'no-longer', 'x')
      expect(refused.stderr + refused.stdout).toMatch(client.denied)
      expect((await client.get(now, 'by-owner')).stdout).toBe('value of by-owner')
    },
  )

  test.runIf(capabilities.users)('each of a list of hostile names works or is refused, and harms nothing', async () => {
    await apply(...hostile.map((name, n) => login(`hostile-${n}`, 'ReadOnly', { name })))
    const outcomes = await Promise.all(
      hostile.map((name, n) =>
        until(`"${name}" has come to something`, async () => {
          const reason = condition(await maybe('databaseuser', `hostile-${n}`, ns), 'Ready')
          return (reason?.status === 'True' || refusals.includes(reason?.reason ?? '')) && reason
        }),
      ),
    )
    const working = hostile.map((name, n) => ({ name, n })).filter(({ n }) => outcomes[n]?.status === 'True')
    expect(working.length).toBeGreaterThan(1)
    for (const { name, n } of working) expect((await client.whoAmI(await binding(`hostile-${n}`, ns))).stdout).toBe(name)
    await has('by-owner')
    await kubectl(['delete', 'databaseuser', '-n', ns, ...hostile.map((_, n) => `hostile-${n}`), '--timeout=120s'])
  })

  test.runIf(!capabilities.databases)('a Database is refused with a code', async () => {
    await apply(database('none', ns, 'db'))
    await becomes('database', 'none', ns, 'Stalled', 'NotSupported')
    await kubectl(['delete', 'database', 'none', '-n', ns, '--timeout=60s'])
  })

  const setRoot = (rootEnabled: boolean) =>
    kubectl(['patch', 'instance', 'db', '-n', ns, '--type=merge', '-p', JSON.stringify({ spec: { rootEnabled } })])

  test.runIf(capabilities.root)('root on and off', async () => {
    const pod = (await podOf('db')).metadata.uid
    const denied = await client.administer(owner)
    expect(denied.stderr + denied.stdout).toMatch(client.denied)

    await setRoot(true)
    const on = await becomes('instance', 'db', ns, 'RootEnabled', 'Enabled')
    const { firstEnabledAt } = on.status.root
    expect(on.status.root).toEqual({ enabled: true, firstEnabledAt, binding: { name: 'db-root' } })
    expect(Date.now() - Date.parse(firstEnabledAt)).toBeLessThan(120_000)
    const root = await bindingIn('db-root', ns)
    expect((await client.whoAmI(root)).stdout).toBe('root')
    expect((await client.whoAmI({ ...root, password: 'wrong' })).stderr).toMatch(client.wrongPassword)
    expect(await client.administer(root)).toMatchObject({ code: 0 })
    const inShop = (login: Login) => ({ ...login, database: owner.database })
    await keeps('by-root', inShop(root))
    await has('by-root')
    await becomes('databaseuser', 'owner', ns, 'Ready', 'True')

    await setRoot(false)
    const off = await until('root is off', async () => {
      const db = await get('instance', 'db', ns)
      return db.status.root.enabled === false && condition(db, 'RootEnabled') === undefined && db
    })
    expect(off.status.root).toEqual({ enabled: false, firstEnabledAt })
    expect(await maybe('secret', 'db-root', ns)).toBeUndefined()
    expect((await client.whoAmI(root)).stderr).toMatch(client.wrongPassword)
    await has('by-root')

    await setRoot(true)
    await becomes('instance', 'db', ns, 'RootEnabled', 'Enabled')
    const again = await bindingIn('db-root', ns)
    expect(again.password).not.toBe(root.password)
    expect((await client.whoAmI(root)).stderr).toMatch(client.wrongPassword)
    expect(await client.administer(again)).toMatchObject({ code: 0 })
    expect((await client.get(inShop(again), 'by-root')).stdout).toBe('value of by-root')
    expect((await ready('db', ns)).status.root.firstEnabledAt).toBe(firstEnabledAt)
    expect((await podOf('db')).metadata.uid).toBe(pod)
    // It stays on through all that comes, and goes with the Instance.
  })

  test.runIf(!capabilities.root)('root is refused with a code', async () => {
    await setRoot(true)
    await becomes('instance', 'db', ns, 'RootEnabled', 'NotSupported')
    expect(condition(await ready('db', ns), 'Ready')?.status).toBe('True')
    await setRoot(false)
  })

  test('killed with -9, it comes back in the same pod with all that it acknowledged', async () => {
    const before = await podOf('db')
    if (capabilities.users) for (let n = 0; n < 5; n++) await keeps(`before-kill-${n}`)
    const started = async () => (await get('guests.trove.dev', await guestOf('db', ns), 'trove-guests')).status.engine.startedAt
    const at = await started()
    await kill(await pidsOf(before.metadata.uid, dialect.process))
    await until('the engine was started again', async () => (await started()) !== at)
    await ready('db', ns)
    expect((await podOf('db')).metadata.uid).toBe(before.metadata.uid)
    if (!capabilities.users) return
    await answers()
    for (let n = 0; n < 5; n++) await has(`before-kill-${n}`)
  })

  test('a restart ends it cleanly, and all is there afterwards', async () => {
    const before = await podOf('db')
    if (capabilities.users) await keeps('before-restart')
    const log = kubectl(['logs', '--follow', '-n', 'trove-guests', '-c', 'database', before.metadata.name])
    await restarted('db')
    expect((await podOf('db')).metadata.uid).not.toBe(before.metadata.uid)
    expect(await log).toMatch(dialect.cleanEnd)
    if (capabilities.users) {
      await answers()
      await has('before-restart')
    }
  })

  test.runIf(capabilities.users && hasRules)(
    'a group of settings comes into force while it runs, or with a restart; one that it does not start with leaves it up; detached, the defaults are back',
    async () => {
      const group = (values: object) => ({
        apiVersion: 'trove.dev/v1alpha1',
        kind: 'ConfigurationGroup',
        metadata: { name: 'tuning', namespace: ns },
        spec: { datastore: { type: datastore, version }, values },
      })
      const { live, cold, refused } = client.settings
      const both = live === undefined ? [cold] : [live, cold]
      const set = (...settings: { name: string; value: string | number }[]) =>
        apply(group(Object.fromEntries(settings.map(s => [s.name, s.value]))))
      const refer = (configurationRef: { name: string } | null) => patch('tuned', { configurationRef })
      const counted = (wanted: object) =>
        until(`the group counts ${JSON.stringify(wanted)}`, async () => {
          const found = (await get('configurationgroup', 'tuning', ns)).status?.instances
          return Object.entries(wanted).every(([key, n]) => found?.[key] === n)
        })
      const sees = async (setting: Setting) => {
        const { stdout, stderr } = await client.show(tuner, setting)
        return setting.seen.test(stdout) || setting.seen.test(stderr)
      }
      const seen = () => Promise.all(both.map(sees))
      const restart = async () => {
        await restarted('tuned')
        await until('it answers', async () => (await client.whoAmI(tuner)).code === 0)
      }
      const rights = capabilities.databases ? { access: [{ database: 'shop', privilege: 'Owner' }] } : { access: [], privilege: 'Owner' }
      await apply(
        instance('tuned'),
        ...(capabilities.databases ? [database('tuned-shop', ns, 'tuned', { name: 'shop' })] : []),
        user('tuner', ns, 'tuned', {}, rights),
      )
      await becomes('databaseuser', 'tuner', ns, 'Ready', 'True')
      const tuner = await binding('tuner', ns)
      const pod = (await podOf('tuned')).metadata.uid
      expect(await seen()).toEqual(both.map(() => false))

      await set(...both)
      await refer({ name: 'tuning' })
      const waits = await becomes('instance', 'tuned', ns, 'ConfigurationApplied', 'RestartRequired')
      expect(waits.status).toMatchObject({ phase: 'RESTART_REQUIRED', configuration: { restartRequired: [cold.name] } })
      expect(condition(waits, 'Ready')?.status).toBe('True')
      expect(await seen()).toEqual(both.map(setting => setting !== cold))
      expect((await podOf('tuned')).metadata.uid).toBe(pod)
      await counted({ total: 1, applied: 0, restartRequired: 1, failed: 0 })
      await restart()
      expect(await seen()).toEqual(both.map(() => true))
      await becomes('instance', 'tuned', ns, 'ConfigurationApplied', 'Applied')
      await counted({ total: 1, applied: 1, restartRequired: 0, failed: 0 })

      await apply(group({ no_such_setting: 1, ...Object.fromEntries(both.map(s => [s.name, s.value])) }))
      await becomes('configurationgroup', 'tuning', ns, 'Stalled', 'ConfigurationInvalid')
      await becomes('instance', 'tuned', ns, 'ConfigurationApplied', 'ConfigurationInvalid')
      expect(condition(await get('instance', 'tuned', ns), 'Ready')?.status).toBe('True')
      expect(await seen()).toEqual(both.map(() => true))

      await set(...both, refused)
      await becomes('configurationgroup', 'tuning', ns, 'Ready', 'Available')
      // Some are refused by the running engine already.
      await until('the Instance is told', async () =>
        ['RestartRequired', 'ConfigurationNotApplied'].includes(
          condition(await get('instance', 'tuned', ns), 'ConfigurationApplied')?.reason ?? '',
        ),
      )
      await restart()
      await becomes('instance', 'tuned', ns, 'ConfigurationApplied', 'ConfigurationRefused')
      expect(await seen()).toEqual(both.map(() => true))
      await counted({ total: 1, applied: 0, restartRequired: 0, failed: 1 })
      await tryKubectl(['delete', 'configurationgroup', 'tuning', '-n', ns, '--wait=false'])
      const held = await becomes('configurationgroup', 'tuning', ns, 'InUse', 'True')
      expect(condition(held, 'InUse')?.message).toContain('tuned')
      await refer(null)
      await gone('configurationgroup', 'tuning', ns)
      if (live === undefined) await restart()
      await until('the default is back', async () => !(await sees(live ?? cold)))
      await kubectl(['delete', 'instance', 'tuned', '-n', ns, '--timeout=120s'])
    },
  )

  test.runIf(!hasRules)('settings that nothing is known of are refused, and nothing is made with them', async () => {
    const name = `tuned-${ns}`
    await apply(
      { apiVersion: 'trove.dev/v1alpha1', kind: 'Datastore', metadata: { name }, spec: { engine } },
      {
        apiVersion: 'trove.dev/v1alpha1',
        kind: 'DatastoreVersion',
        metadata: { name },
        spec: { datastoreRef: { name }, version, image, defaults: { [client.settings.cold.name]: client.settings.cold.value } },
      },
      instance('tuned', { datastore: { type: name, version } }),
    )
    await until('it is told', async () => condition(await maybe('datastoreversion', name), 'Stalled')?.reason === 'ConfigurationInvalid')
    expect((await becomes('instance', 'tuned', ns, 'Stalled', 'ConfigurationInvalid')).status.address).toBeUndefined()
    for (const args of [
      ['instance', 'tuned', '-n', ns],
      ['datastoreversion', name],
      ['datastore', name],
    ])
      await kubectl(['delete', ...args, '--timeout=60s'])
  })

  test.each(capabilities.users ? predecessors : [])(
    'an Instance of version $version becomes one of this version with all that is in it, and never one of that again',
    async older => {
      const { ns, remove } = await openTenant('moves')
      try {
        const client = await openClient(dialect, older.image, ns)
        const rights = capabilities.databases ? { access: [{ database: 'shop', privilege: 'Owner' }] } : { access: [], privilege: 'Owner' }
        const state = (to: string) =>
          kubectl(['patch', 'instance', 'moved', '-n', ns, '--type=merge', '-p', JSON.stringify({ spec: { datastore: { version: to } } })])
        const moved = instance('moved', { datastore: { type: datastore, version: older.version } })
        await apply(
          { ...moved, metadata: { ...moved.metadata, namespace: ns } },
          ...(capabilities.databases ? [database('shop', ns, 'moved')] : []),
          user('mover', ns, 'moved', {}, rights),
        )
        await becomes('databaseuser', 'mover', ns, 'Ready', 'True')
        const mover = await binding('mover', ns)
        const puts = async (key: string) => expect(await client.put(mover, key, `value of ${key}`)).toMatchObject({ code: 0 })
        await until('the older version answers', async () => (await client.prepare(mover)).code === 0)
        for (let n = 0; n < 5; n++) await puts(`older-${n}`)

        await state(version)
        await until('the change is told', async () => {
          const { phase, datastore: has } = (await get('instance', 'moved', ns)).status
          return phase === 'UPGRADE' && has.version === older.version && has.upgradingTo === version
        })
        const after = await ready('moved', ns, 240_000)
        expect(after.status).toMatchObject({ phase: 'ACTIVE', datastore: { type: datastore, version } })
        expect(after.status.datastore).not.toHaveProperty('upgradingTo')
        expect(condition(after, 'EngineHealthy')?.message).toContain(`(version ${version}`)
        await until('the newer version answers', async () => (await client.whoAmI(mover)).code === 0)
        for (let n = 0; n < 5; n++) expect((await client.get(mover, `older-${n}`)).stdout).toBe(`value of older-${n}`)
        await puts('newer')
        await apply(user('late', ns, 'moved', {}, rights))
        await becomes('databaseuser', 'late', ns, 'Ready', 'True')
        expect((await client.whoAmI(await binding('late', ns))).stdout).toBe('late')

        const pod = async () => (await get('pod', await guestOf('moved', ns), 'trove-guests')).metadata.uid
        const before = await pod()
        await state(older.version)
        await becomes('instance', 'moved', ns, 'Stalled', 'DowngradeImpossible')
        await puts('still')
        await state(version)
        await ready('moved', ns)
        expect(await pod()).toBe(before)
      } finally {
        await remove()
      }
    },
  )

  test('a full volume is named, and heals once there is room', async () => {
    const path = await volumeOf(
      `full-${ns}`,
      'local',
      p => `mount -t tmpfs -o size=512m tmpfs ${p}`,
      p => `umount -l ${p}; rm -rf ${p}`,
    )
    // What it writes to such a volume counts against its memory.
    const roomy = flavorOf('roomy', '1Gi')
    await apply(
      roomy,
      instance('full', { flavorRef: { name: roomy.metadata.name }, volume: { size: '1Gi', storageClassName: `full-${ns}` } }),
    )
    await ready('full', ns)
    await onNode(`dd if=/dev/zero of=${path}/filler bs=1M 2>/dev/null; true`)
    // Whether the engine ends or goes on without taking anything more.
    await becomes('instance', 'full', ns, 'Ready', 'VolumeFull')
    await onNode(`rm ${path}/filler`)
    await ready('full', ns)
    await kubectl(['delete', 'instance', 'full', '-n', ns, '--timeout=90s'])
  })

  test('an image of something else is told, and nothing is made of it', async () => {
    const other = engine === 'postgresql' ? await unsuitableImage(await cluster(), stepLog()) : await clientImage()
    const name = `wrong-${ns}`
    await apply({
      apiVersion: 'trove.dev/v1alpha1',
      kind: 'DatastoreVersion',
      metadata: { name },
      spec: { datastoreRef: { name: datastore }, version: 'wrong', image: other },
    })
    await apply(instance('wrong', { datastore: { type: datastore, version: 'wrong' } }))
    const seen = await until('it is told', async () => {
      const found = condition(await maybe('instance', 'wrong', ns), 'Ready')?.reason ?? ''
      return ['InitialiseFailed', 'EngineStartFailed', 'ImageUnsuitable', 'ContainerFailed'].includes(found) && found
    })
    expect(seen).toBeTruthy()
    await kubectl(['delete', 'instance', 'wrong', '-n', ns, '--timeout=90s'])
    await tryKubectl(['delete', 'datastoreversion', name])
  })

  test('deleted, it goes with all that was its own', async () => {
    const guest = await guestOf('db', ns)
    await kubectl(['delete', 'instance', 'db', '-n', ns, '--timeout=120s'])
    await gone('guests.trove.dev', guest, 'trove-guests')
    await nothingRemains([guest])
    expect(await maybe('secret', 'db-root', ns)).toBeUndefined()
  })
}
