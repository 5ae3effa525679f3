import { active, all, anInstance, aUser, catalogOf, gone, isReady, ready, type Stage, says } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** Another version, one that cannot be had, and the end of the one that there was. */
export const upgrade: Workload = {
  name: 'upgrade',
  given: [
    {
      does: 'there are two versions, and an Instance with a user of the older one',
      async act(stage) {
        const older = catalogOf(stage.catalog).find(o => o.kind === 'DatastoreVersion')!
        const spec = { ...(older.spec as object), version: '17.2', image: 'postgres-next:17.2', upgradeFrom: ['17'] }
        await stage.make({ ...older, metadata: { name: nameOfNewer(stage) }, spec })
        await stage.make(anInstance(stage, 'web'), aUser(stage, 'app', 'web'))
      },
      until: all(active('web'), ready('databaseusers', 'app'), users(1, 0)),
    },
  ],
  steps: [
    {
      does: 'the newer version is asked for',
      act: state('17.2'),
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
