/** What needs a node that takes no pods. Alone, because there is one node. */
import { expect, onTestFinished, test } from 'vitest'
import { psql } from '../client.ts'
import { instance } from '../objects.ts'
import { running } from '../running.ts'
import { apply, becomes, cluster, get, guestOf, kubectl, ready, tenant, tryKubectl } from '../world.ts'

test('the node drained and uncordoned: unschedulable is seen, then the same data comes back', async () => {
  const r = await running('drained')
  await psql(r.ns, r.login, "create table t (x text); insert into t values ('kept')")
  const { nodeName } = await cluster()
  onTestFinished(async () => {
    await tryKubectl(['uncordon', nodeName])
  })
  const selector = `trove.dev/tenant=${r.ns}`
  await kubectl(['drain', nodeName, `--pod-selector=${selector}`, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=120s'])
  await becomes('instance', 'db', r.ns, 'Ready', 'PodUnschedulable', 60_000)
  await kubectl(['uncordon', nodeName])
  await ready('db', r.ns)
  expect(await psql(r.ns, r.login, 'select x from t')).toBe('kept')
})

test('a volume in use by another pod is named, and heals when that pod goes', async () => {
  const { ns } = await tenant('inuse')
  await apply(instance('db', ns))
  await ready('db', ns)
  const guest = await guestOf('db', ns)
  const { nodeName } = await cluster()
  const pod = await get('pod', guest, 'trove-guests')
  const image = pod.spec.containers[0].image
  await kubectl(['cordon', nodeName])
  onTestFinished(async () => {
    await tryKubectl(['uncordon', nodeName])
  })
  await kubectl(['delete', 'pod', guest, '-n', 'trove-guests'])
  const blocker = `blocker-${ns}`
  onTestFinished(async () => {
    await tryKubectl(['delete', 'pod', blocker, '-n', 'trove-guests', '--ignore-not-found', '--now'])
  })
  const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
  await apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: blocker, namespace: 'trove-guests' },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 999, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        { name: 'hold', image, command: ['sleep', '3600'], securityContext: restricted, volumeMounts: [{ name: 'd', mountPath: '/data' }] },
      ],
      volumes: [{ name: 'd', persistentVolumeClaim: { claimName: guest } }],
    },
  })
  await kubectl(['uncordon', nodeName])
  await becomes('instance', 'db', ns, 'Ready', 'VolumeInUse', 60_000)
  await kubectl(['delete', 'pod', blocker, '-n', 'trove-guests', '--now'])
  await ready('db', ns)
})
