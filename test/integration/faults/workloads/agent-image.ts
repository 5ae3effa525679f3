import { active, all, anInstance } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** The operator is upgraded, and with it the agents' image. */
export const agentImage: Workload = {
  name: 'agent-image',
  steps: [
    {
      does: 'an Instance is applied',
      act: stage => stage.make(anInstance(stage, 'web')),
      until: active('web'),
    },
    {
      does: 'the operator is upgraded, and another Instance applied',
      async act(stage) {
        await stage.restartOperator({ agentImage: 'trove.test/agent:2' })
        await stage.make(anInstance(stage, 'api'))
      },
      until: all(active('web'), active('api')),
    },
  ],
}
