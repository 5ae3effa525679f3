import { isOnGuestSide } from '../journal.ts'
import { active, all, anInstance, aUser, ready, rootIs, says } from '../stage.ts'
import type { Workload } from '../workload.ts'

const labels = { 'app.kubernetes.io/managed-by': 'somebody' }

/** The names that are needed in the product team's namespace belong to somebody else, until they are free. */
export const nameTaken: Workload = {
  name: 'name-taken',
  // On the guest's side it is `create` once more.
  meddling: write => !isOnGuestSide(write),
  steps: [
    {
      does: 'an Instance with root and a user are applied beside a Service and Secrets of the names that they need',
      async act(stage) {
        const namespace = stage.tenant
        const spec = { type: 'ExternalName', externalName: 'elsewhere.example' }
        await stage.make(
          { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace, labels }, spec },
          { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'app-credentials', namespace, labels }, data: { key: 'dmFsdWU=' } },
          { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'web-root', namespace, labels }, data: { key: 'dmFsdWU=' } },
          anInstance(stage, 'web', { rootEnabled: true }),
          aUser(stage, 'app', 'web'),
        )
      },
      until: all(says('instances', 'web', 'NameTaken'), says('databaseusers', 'app', 'InstanceNotReady')),
    },
    {
      does: 'the Service goes',
      act: stage => stage.remove('services', 'web'),
      until: all(active('web'), rootIs('NameTaken'), says('databaseusers', 'app', 'NameTaken')),
    },
    {
      does: 'the Secrets go',
      async act(stage) {
        await stage.remove('secrets', 'app-credentials')
        await stage.remove('secrets', 'web-root')
      },
      until: all(active('web'), rootIs('Enabled'), ready('databaseusers', 'app')),
    },
  ],
}
