import { active, all, aRunningOne, rootIs, type Stage } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** The login with every right is switched on and off and on again. */
export const root: Workload = {
  name: 'root',
  given: [aRunningOne('an Instance is applied, with a user')],
  steps: [
    {
      does: 'root is switched on',
      act: stage => stage.change('instances', 'web', { spec: { rootEnabled: true } }),
      until: all(active('web'), rootIs('Enabled'), hasPassword('root-1')),
    },
    {
      does: 'root is switched off',
      act: stage => stage.change('instances', 'web', { spec: { rootEnabled: false } }),
      until: all(active('web'), rootIs(undefined), isOff),
    },
    {
      does: 'root is switched on again, and has another password',
      act: stage => stage.change('instances', 'web', { spec: { rootEnabled: true } }),
      until: all(active('web'), rootIs('Enabled'), hasPassword('root-2')),
    },
  ],
}

function hasPassword(revision: string) {
  return ({ view, tenant }: Stage): boolean => {
    const kept = view.list('secrets').find(o => o.data?.[revision] !== undefined)?.data?.[revision]
    return kept !== undefined && view.get('secrets', 'web-root', tenant)?.data?.password === kept
  }
}

function isOff({ view, tenant }: Stage): boolean {
  const status = view.get('instances', 'web', tenant)?.status as { root?: { enabled?: boolean; firstEnabledAt?: string } } | undefined
  return (
    status?.root?.enabled === false && status.root.firstEnabledAt !== undefined && view.get('secrets', 'web-root', tenant) === undefined
  )
}
