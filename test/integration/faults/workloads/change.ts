import { active, all, anInstance, condition, type Stage } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** Every field of an Instance that may change: who may reach it, how large it is, when it restarts. */
export const change: Workload = {
  name: 'change',
  given: [
    {
      does: 'an Instance is applied',
      act: stage => stage.make(anInstance(stage, 'web', { access: { allowedCidrs: ['10.1.0.0/16'] } })),
      until: active('web'),
    },
  ],
  steps: [
    {
      does: 'others may reach it now, and the volume is to grow',
      act: stage => stage.change('instances', 'web', { spec: { access: { allowedCidrs: ['10.2.0.0/16'] }, volume: { size: '2Gi' } } }),
      until: all(active('web'), allows('10.2.0.0/16'), hasSize('2Gi')),
    },
    {
      does: 'a restart is asked for',
      act: stage => stage.change('instances', 'web', { spec: { restartRequestedAt: '2026-01-01T00:00:00Z' } }),
      until: all(active('web'), restarted),
    },
    {
      does: 'others may reach it again, and at once the first ones once more',
      async act(stage) {
        await stage.change('instances', 'web', { spec: { access: { allowedCidrs: ['10.3.0.0/16'] } } })
        await stage.change('instances', 'web', { spec: { access: { allowedCidrs: ['10.1.0.0/16'] } } })
      },
      until: all(active('web'), allows('10.1.0.0/16')),
    },
  ],
}

function allows(cidr: string) {
  return ({ view }: Stage): boolean => JSON.stringify(view.list('networkpolicies')[0]?.spec).includes(cidr)
}

function hasSize(size: string) {
  return ({ view, tenant }: Stage): boolean =>
    (view.get('instances', 'web', tenant)?.status?.volume as { size?: string } | undefined)?.size === size
}

function restarted({ view, tenant }: Stage): boolean {
  const instance = view.get('instances', 'web', tenant)
  return instance?.status?.lastRestartRequestedAt === '2026-01-01T00:00:00Z' && condition(instance, 'Ready')?.reason === 'Active'
}
