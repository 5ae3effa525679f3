import { active, all, anInstance, condition, type Stage } from '../stage.ts'
import type { Workload } from '../workload.ts'

const labels = { 'app.kubernetes.io/managed-by': 'somebody' }

/** The login with every right is switched on and off and on again; first the name of its Secret is somebody else's. */
export const root: Workload = {
  name: 'root',
  given: [
    {
      does: 'an Instance runs beside a Secret of the name that root needs',
      act: stage =>
        stage.make(
          { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'web-root', namespace: stage.tenant, labels }, data: { key: 'dmFsdWU=' } },
          anInstance(stage, 'web'),
        ),
      until: active('web'),
    },
  ],
  steps: [
    {
      does: 'root is switched on, and the name of its Secret is taken',
      act: stage => stage.change('instances', 'web', { spec: { rootEnabled: true } }),
      until: all(active('web'), rootIs('NameTaken')),
    },
    {
      does: 'the Secret goes',
      act: stage => stage.remove('secrets', 'web-root'),
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

function rootIs(reason: string | undefined) {
  return ({ view, tenant }: Stage): boolean => condition(view.get('instances', 'web', tenant), 'RootEnabled')?.reason === reason
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
