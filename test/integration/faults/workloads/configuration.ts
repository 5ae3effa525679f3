import { active, aGroup, all, anInstance, condition, gone, groupCounts, type Stage, settingsAre } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** A group of settings is attached, changed, broken and mended, refused by the engine at a start, and detached, and goes once nobody uses it. */
export const configuration: Workload = {
  name: 'configuration',
  given: [
    {
      does: 'an Instance and a group are applied',
      act: stage => stage.make(aGroup(stage, 'settings', { work_mem: '8MB' }), anInstance(stage, 'web')),
      until: all(active('web'), groupCounts({ total: 0, applied: 0, failed: 0 })),
    },
  ],
  steps: [
    {
      does: 'the group is attached',
      act: stage => stage.change('instances', 'web', { spec: { configurationRef: { name: 'settings' } } }),
      until: all(active('web'), has({ work_mem: '8MB' }), groupCounts({ total: 1, applied: 1, failed: 0 }), settingsAre('Applied')),
    },
    {
      does: 'it is changed twice',
      async act(stage) {
        await stage.change('configurationgroups', 'settings', { spec: { values: { work_mem: '12MB' } } })
        await stage.change('configurationgroups', 'settings', { spec: { values: { work_mem: '16MB', jit: 'off' } } })
      },
      until: all(
        active('web'),
        has({ jit: 'off', work_mem: '16MB' }),
        groupCounts({ total: 1, applied: 1, failed: 0 }),
        settingsAre('Applied'),
      ),
    },
    {
      does: 'it is broken',
      act: stage => stage.change('configurationgroups', 'settings', { spec: { values: { no_such: 1 } } }),
      until: all(
        active('web'),
        has({ jit: 'off', work_mem: '16MB' }),
        groupCounts({ total: 1, applied: 0, failed: 1 }),
        settingsAre('ConfigurationInvalid'),
      ),
    },
    {
      does: 'it is mended with something that waits for a restart, and that the engine will not start with',
      act: stage => stage.change('configurationgroups', 'settings', { spec: { values: { no_such: null, shared_buffers: '96MB' } } }),
      until: all(
        active('web'),
        has({ jit: 'off', shared_buffers: '96MB', work_mem: '16MB' }),
        groupCounts({ total: 1, applied: 0, restartRequired: 1, failed: 0 }),
        settingsAre('RestartRequired'),
        isIn('RESTART_REQUIRED'),
      ),
    },
    {
      does: 'a restart is asked for',
      async act(stage) {
        stage.node.play('web-', { refuses: '96MB' })
        await stage.change('instances', 'web', { spec: { restartRequestedAt: '2026-01-01T00:00:00Z' } })
      },
      until: all(
        active('web'),
        groupCounts({ total: 1, applied: 0, restartRequired: 0, failed: 1 }),
        settingsAre('ConfigurationRefused'),
        isIn('ACTIVE'),
      ),
    },
    {
      does: 'the group is deleted while it is used',
      act: stage => stage.remove('configurationgroups', 'settings'),
      until: ({ view, tenant }) => condition(view.get('configurationgroups', 'settings', tenant), 'InUse')?.status === 'True',
    },
    {
      does: 'it is detached',
      act: stage => stage.change('instances', 'web', { spec: { configurationRef: null } }),
      until: all(active('web'), has(undefined), settingsAre('Applied'), gone('configurationgroups', 'settings')),
    },
  ],
}

/** The settings of the group that the Guest is asked for. */
function has(settings: Record<string, string> | undefined) {
  return ({ view }: Stage): boolean => {
    const { configuration } = view.list('guests')[0]!.spec as { configuration: { layers: { group?: Record<string, string> } } }
    return JSON.stringify(sorted(configuration.layers.group)) === JSON.stringify(sorted(settings))
  }
}

const sorted = (settings: Record<string, string> | undefined) => settings && Object.entries(settings).sort()

function isIn(phase: string) {
  return ({ view, tenant }: Stage): boolean => view.get('instances', 'web', tenant)?.status?.phase === phase
}
