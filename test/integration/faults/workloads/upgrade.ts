import {
  active,
  aGroup,
  all,
  anInstance,
  aUser,
  catalogOf,
  gone,
  groupCounts,
  isReady,
  ready,
  type Stage,
  says,
  settingsAre,
} from '../stage.ts'
import type { Workload } from '../workload.ts'

/**
 * Another version whose image cannot be had, and the way back while a setting waits that the engine will not start with; then the version itself, one
 * that cannot be had, and the end of the one that there was.
 */
export const upgrade: Workload = {
  name: 'upgrade',
  given: [
    {
      does: 'there are two versions, and an Instance with a user of the older one',
      async act(stage) {
        const older = catalogOf(stage.catalog).find(o => o.kind === 'DatastoreVersion')!
        const spec = { ...(older.spec as object), version: '17.2', image: newerImage, upgradeFrom: ['17'] }
        await stage.make({ ...older, metadata: { name: nameOfNewer(stage) }, spec })
        await stage.make(anInstance(stage, 'web'), aUser(stage, 'app', 'web'))
      },
      until: all(active('web'), ready('databaseusers', 'app'), users(1, 0)),
    },
    {
      does: 'a setting waits for a restart',
      async act(stage) {
        await stage.make(aGroup(stage, 'settings', { shared_buffers: '96MB' }))
        await stage.change('instances', 'web', { spec: { configurationRef: { name: 'settings' } } })
      },
      until: all(active('web'), settingsAre('RestartRequired'), groupCounts({ restartRequired: 1, failed: 0 })),
    },
  ],
  steps: [
    {
      does: 'the newer version is asked for, whose image cannot be had, and nothing starts with the setting',
      async act(stage) {
        stage.node.play('web-', { refuses: '96MB', waiting: { reason: 'ErrImagePull', message: 'no such tag', image: newerImage } })
        await state('17.2')(stage)
      },
      until: says('instances', 'web', 'ImagePullFailed'),
    },
    {
      does: 'the older one is asked for again',
      act: state('17'),
      until: all(
        active('web'),
        has('17'),
        users(1, 0),
        settingsAre('ConfigurationRefused'),
        groupCounts({ restartRequired: 0, failed: 1 }),
      ),
    },
    {
      does: 'the setting is given up, the image can be had, and the newer version is asked for',
      async act(stage) {
        stage.node.play('web-', {})
        await stage.change('instances', 'web', { spec: { configurationRef: null, datastore: { version: '17.2' } } })
      },
      until: all(active('web'), has('17.2'), users(0, 1)),
    },
    {
      does: 'the older one is asked for again, which cannot be',
      act: state('17'),
      until: says('instances', 'web', 'DowngradeImpossible'),
    },
    {
      does: 'no version is stated any more, and the older one is deleted',
      async act(stage) {
        await stage.change('instances', 'web', { spec: { datastore: { version: null } } })
        await stage.remove('datastoreversions', stage.catalog.version)
      },
      until: all(active('web'), has('17.2'), stage => gone('datastoreversions', stage.catalog.version)({ ...stage, tenant: '' })),
    },
  ],
}

const newerImage = 'postgres-next:17.2'
const nameOfNewer = ({ id }: Stage) => `pg-next-${id}`

function state(version: string) {
  return (stage: Stage) => stage.change('instances', 'web', { spec: { datastore: { version } } })
}

function has(version: string) {
  return ({ view, tenant }: Stage): boolean => {
    const instance = view.get('instances', 'web', tenant)
    return isReady(instance) && (instance?.status?.datastore as { version?: string } | undefined)?.version === version
  }
}

/** Of the older version and the newer one. */
function users(...counts: [number, number]) {
  return ({ view, catalog, id }: Stage): boolean => {
    const found = [catalog.version, `pg-next-${id}`].map(name => view.list('datastoreversions').find(v => v.metadata.name === name))
    return found.every((version, n) => version?.status?.users === counts[n])
  }
}
