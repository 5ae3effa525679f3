/** What a test does to a node as root: find and kill processes of a pod, look at a volume's files, make volumes with a fault in them. */
import { onTestFinished } from 'vitest'
import { apply, cluster, get, listAll, reader, tryKubectl } from './world.ts'

export async function onNode(script: string): Promise<string> {
  const { code, stdout, stderr } = await (await cluster()).nodeExec(['sh', '-c', script])
  if (code !== 0) throw new Error(`on the node: ${script}: ${stderr}`)
  return stdout.trim()
}

/** Process ids, as the node sees them, of a pod's processes whose command line matches a grep pattern. */
export async function pidsOf(podUID: string, pattern: string): Promise<number[]> {
  const uid = podUID.replaceAll('-', '[-_]')
  const script = `for p in /proc/[0-9]*; do grep -qs 'pod${uid}' $p/cgroup && tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -q -- '${pattern}' && echo \${p#/proc/}; done; true`
  return (await onNode(script)).split('\n').filter(Boolean).map(Number)
}

/** Gives back those that got the signal. Some of them may have ended since they were found; that all have is an error. */
export async function kill(pids: number[], signal = 'KILL'): Promise<number[]> {
  const sent = await onNode(`for p in ${pids.join(' ')}; do kill -${signal} $p 2>/dev/null && echo $p; done; true`)
  if (sent === '') throw new Error(`none of the processes ${pids.join(', ')} is there any more`)
  return sent.split('\n').map(Number)
}

/**
 * Waits for a pod's process with that program's name and stops it in the same breath, on the node itself: what ends within a second is
 * caught in the middle all the same, and stays there.
 */
export async function stopInTheMiddle(podUID: string, program: string, timeoutSeconds = 60): Promise<number> {
  const uid = podUID.replaceAll('-', '[-_]')
  const script = `end=$(($(date +%s) + ${timeoutSeconds}))
while [ $(date +%s) -lt $end ]; do
  for p in /proc/[0-9]*; do
    { read -r name < $p/comm; } 2>/dev/null && [ "$name" = ${program} ] && grep -qs 'pod${uid}' $p/cgroup || continue
    kill -STOP \${p#/proc/} 2>/dev/null && echo \${p#/proc/} && exit 0
  done
  sleep 0.02
done
echo "no ${program} within ${timeoutSeconds} s" >&2
exit 1`
  return Number(await onNode(script))
}

/** Patterns of the processes that tests kill. */
export const process = {
  agent: 'guest.mjs',
  operator: 'operator.mjs',
  /** The postmaster alone: its children's titles begin with "postgres:". */
  postmaster: 'postgres -D',
  /** All of the engine's processes. */
  engine: '^postgres[: ]',
  /** The first process of the engine's container: its command line is the launcher itself. */
  launcher: 'TROVE_DIR:-/trove',
}

/** Where a guest's volume lies on the node. */
export async function volumePath(guest: string): Promise<string> {
  const claim = await get('pvc', guest, 'trove-guests')
  const pv = await get('pv', claim.spec.volumeName)
  return pv.spec.local?.path ?? pv.spec.hostPath?.path
}

/** A StorageClass with one volume on the node that the test prepares itself. Removed when the test is over. */
export async function volumeOf(
  name: string,
  source: 'local' | 'hostPath',
  prepare: (path: string) => string,
  cleanUp: (path: string) => string = () => 'true',
): Promise<string> {
  const path = `/var/trove-e2e/${name}`
  await onNode(`mkdir -p ${path} && ${prepare(path)}`)
  await apply(
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOncePod'],
        storageClassName: name,
        persistentVolumeReclaimPolicy: 'Retain',
        [source]: { path },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [(await cluster()).nodeName] }] },
            ],
          },
        },
      },
    },
  )
  onTestFinished(async () => {
    await tryKubectl(['delete', 'pv', name, '--wait=false'])
    await tryKubectl(['delete', 'storageclass', name])
    await onNode(`(${cleanUp(path)}) || true`)
  })
  return path
}

interface OperatorPod {
  name: string
  uid: string
}

/** The operator's two pods that run: the one that leads, and the other. If there are not two, the error tells of what there is. */
export async function operatorPods(): Promise<{ leader: OperatorPod; standby: OperatorPod }> {
  const holder = (await get('lease', 'trove-operator', 'trove-system')).spec.holderIdentity
  const all = await listAll('pods', 'trove-system', 'app.kubernetes.io/name=trove-operator')
  const pods = all
    .filter(p => p.status.phase === 'Running' && p.metadata.deletionTimestamp === undefined)
    .map(p => p.metadata as OperatorPod)
  const leader = pods.find(p => p.uid === holder)
  const [standby, ...more] = pods.filter(p => p !== leader)
  if (leader !== undefined && standby !== undefined && more.length === 0) return { leader, standby }
  const told = all.map(({ metadata: { name, uid, deletionTimestamp }, status }) => ({ name, uid, deletionTimestamp, status }))
  throw new Error(`no leader and one standby; the lease is held by ${holder}: ${JSON.stringify(told)}`)
}

/** A metric of one of the operator's pods; summed over its labels unless one is named. */
export async function metric(pod: string, name: string): Promise<number> {
  const text = await (await reader()).text(`/api/v1/namespaces/trove-system/pods/${pod}:8080/proxy/metrics`)
  const lines = text.split('\n').filter(line => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  if (lines.length === 0) throw new Error(`${pod} tells no ${name}`)
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
