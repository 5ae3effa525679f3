import { active, all, anInstance, condition, gone, nothingLeft, type Stage } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** The platform team changes and deletes what an Instance uses. */
export const catalog: Workload = {
  name: 'catalog',
  given: [
    {
      does: 'an Instance is applied',
      act: stage => stage.make(anInstance(stage, 'web')),
      until: all(active('web'), counted),
    },
  ],
  steps: [
    {
      does: 'its version gets another image',
      act: stage => stage.change('datastoreversions', stage.catalog.version, { spec: { image: 'postgres:17.1' } }),
      until: ({ view, tenant }) => condition(view.get('instances', 'web', tenant), 'RestartPending')?.status === 'True',
    },
    {
      does: 'version, flavor and datastore are deleted',
      async act(stage) {
        await stage.remove('datastoreversions', stage.catalog.version)
        await stage.remove('flavors', stage.catalog.flavor)
        await stage.remove('datastores', stage.catalog.datastore)
      },
      until: ({ view }) =>
        ['datastoreversions', 'flavors', 'datastores'].every(plural => condition(view.list(plural)[0], 'InUse')?.status === 'True'),
    },
    {
      does: 'the Instance is deleted',
      act: stage => stage.remove('instances', 'web'),
      until: all(gone('instances', 'web'), nothingLeft, emptyCatalog),
    },
  ],
}

function counted({ view }: Stage): boolean {
  return ['datastoreversions', 'flavors', 'datastores'].every(plural => view.list(plural)[0]?.status?.users === 1)
}

function emptyCatalog({ view }: Stage): boolean {
  return ['datastoreversions', 'flavors', 'datastores'].every(plural => view.list(plural).length === 0)
}
