import { isOnGuestSide } from '../journal.ts'
import { active, all, anInstance, aUser, ready, says } from '../stage.ts'
import type { Workload } from '../workload.ts'

const labels = { 'app.kubernetes.io/managed-by': 'somebody' }

/** The names that are needed in the product team's namespace belong to somebody else, until they are free. */
export const nameTaken: Workload = {
  name: 'name-taken',
  // On the guest's side it is `create` once more.
  meddling: write => !isOnGuestSide(write),
  steps: [
    {
      does: 'an Instance and a user are applied beside a Service and a Secret of the names that they need',
      async act(stage) {
        const namespace = stage.tenant
        const spec = { type: 'ExternalName', externalName: 'elsewhere.example' }
        await stage.make(
          { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace, labels }, spec },
          { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'app-credentials', namespace, labels }, data: { key: 'dmFsdWU=' } },
          anInstance(stage, 'web'),
          aUser(stage, 'app', 'web'),
        )
      },
      until: all(says('instances', 'web', 'NameTaken'), says('databaseusers', 'app', 'InstanceNotReady')),
    },
    {
      does: 'the Service goes',
      act: stage => stage.remove('services', 'web'),
      until: all(active('web'), says('databaseusers', 'app', 'NameTaken')),
    },
    {
      does: 'the Secret goes',
      act: stage => stage.remove('secrets', 'app-credentials'),
      until: ready('databaseusers', 'app'),
    },
  ],
}
