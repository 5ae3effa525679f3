import { active, all, aRunningOne, type Stage, sideName } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** The kubelet evicts the pod; later somebody drains the node. Each time another pod takes over the same volume. */
export const evicted: Workload = {
  name: 'evicted',
  waits: true,
  given: [aRunningOne('an Instance with a user is applied')],
  steps: [
    {
      does: 'the kubelet evicts the pod',
      act: stage =>
        stage.change(
          'pods',
          sideName(stage, 'web'),
          { status: { phase: 'Failed', reason: 'Evicted' } },
          { namespace: stage.guests, status: true },
        ),
      until: all(active('web'), podsSoFar(2)),
    },
    {
      does: 'the node is drained',
      act: stage => stage.remove('pods', sideName(stage, 'web'), stage.guests),
      until: all(active('web'), podsSoFar(3)),
    },
  ],
}

function podsSoFar(n: number) {
  return ({ view }: Stage): boolean => view.versions.filter(v => v.resource === 'pods' && v.type === 'ADDED').length >= n
}
