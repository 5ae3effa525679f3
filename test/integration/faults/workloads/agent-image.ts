import { active, all, anInstance, type Stage } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** The operator is upgraded, and with it the agents' image. */
export const agentImage: Workload = {
  name: 'agent-image',
  waits: true,
  given: [
    {
      does: 'an Instance is applied',
      act: stage => stage.make(anInstance(stage, 'web')),
      until: active('web'),
    },
  ],
  steps: [
    {
      does: 'the operator is upgraded, and another Instance applied',
      async act(stage) {
        await stage.restartOperator({ agentImage: 'trove.test/agent:2' })
        await stage.make(anInstance(stage, 'api'))
      },
      until: all(active('web'), active('api'), bothHaveIt),
    },
  ],
}

/** An agent must have stayed up for a while before it is on record. */
function bothHaveIt({ view }: Stage): boolean {
  const recorded = view.list('guests').map(g => g.metadata.annotations?.['trove.dev/agent-image'])
  return recorded.length === 2 && recorded.every(image => image === 'trove.test/agent:2')
}
