import { active, all, anInstance, condition, type Stage } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** A volume that cannot grow is asked to, and the rest of what is asked goes on. */
export const rigidVolume: Workload = {
  name: 'rigid-volume',
  given: [
    {
      does: 'an Instance is applied on a class that cannot grow',
      act: stage => stage.make(anInstance(stage, 'web', { volume: { size: '1Gi', storageClassName: 'rigid' } })),
      until: active('web'),
    },
  ],
  steps: [
    {
      does: 'its volume is to grow',
      act: stage => stage.change('instances', 'web', { spec: { volume: { size: '2Gi' } } }),
      until: all(active('web'), saysWhy),
    },
    {
      does: 'others may reach it now',
      act: stage => stage.change('instances', 'web', { spec: { access: { allowedCidrs: ['10.2.0.0/16'] } } }),
      until: all(active('web'), saysWhy),
    },
  ],
}

function saysWhy({ view, tenant }: Stage): boolean {
  return condition(view.get('instances', 'web', tenant), 'VolumeBound')?.reason === 'VolumeNotExpandable'
}
