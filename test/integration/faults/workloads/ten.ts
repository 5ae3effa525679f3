import { active, all, anInstance, aUser, nothingLeft, ready } from '../stage.ts'
import type { Workload } from '../workload.ts'

const names = Array.from({ length: 10 }, (_, i) => `web${i}`)

/** Ten at once come and go. */
export const ten: Workload = {
  name: 'ten',
  sampled: 10,
  steps: [
    {
      does: 'ten Instances with a user each are applied',
      act: stage => stage.make(...names.flatMap(name => [anInstance(stage, name), aUser(stage, `${name}-app`, name, { name: 'app' })])),
      until: all(...names.flatMap(name => [active(name), ready('databaseusers', `${name}-app`)])),
    },
    {
      does: 'all are deleted',
      async act(stage) {
        for (const name of names) await stage.remove('instances', name)
      },
      until: stage => stage.view.list('instances').length === 0 && nothingLeft(stage),
    },
  ],
}
