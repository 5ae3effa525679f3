/** What all trials of one run share: an API server with the kinds installed, the record of its history, and the operator's program. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bundle } from '../../../deploy/build.ts'
import type { ClusterAccess } from '../../../src/kube/access.ts'
import { type Client, connect } from '../../../src/kube/client.ts'
import { storageclasses } from '../../../src/kube/resource.ts'
import { kubeBinaries } from '../../kind/binaries.ts'
import { startApiServer } from '../apiserver.ts'
import { type History, recordHistory } from './history.ts'

export interface Bed {
  access: ClusterAccess
  client: Client
  history: History
  /** The operator as it ships, in one file. */
  program: string
  /** Of the next trial: five characters that are part of every name in it. */
  nextId(): string
  stop(): Promise<void>
}

const root = join(import.meta.dirname, '../../..')

/** `src` is this checkout's, unless another is given. */
export async function buildOperator(source: string = root): Promise<{ program: string; remove(): Promise<void> }> {
  const out = await mkdtemp(join(tmpdir(), 'operator-bundle-'))
  await bundle(source, out, { kubeconfigReader: join(import.meta.dirname, 'kubeconfig.ts') })
  return { program: join(out, 'operator.mjs'), remove: () => rm(out, { recursive: true, force: true }) }
}

export async function makeBed(): Promise<Bed> {
  // As many operators as there are trials at once end with this process.
  process.setMaxListeners(0)
  // Old states are read back by their resourceVersion: nothing is compacted meanwhile.
  const server = await startApiServer({ flags: ['--etcd-compaction-interval=0'] })
  const { program, remove } = await buildOperator()
  const { kubectl } = await kubeBinaries()
  const run = (...args: string[]) => promisify(execFile)(kubectl, ['--kubeconfig', server.kubeconfig, ...args])
  await run('apply', '-k', join(root, 'crds'))
  await run('wait', '--for=condition=Established', 'crd', '--all')
  const client = connect(server.access)
  const { signal } = new AbortController()
  for (const storageClass of classes) await client.create(storageclasses, storageClass as never, { signal })
  const history = await recordHistory(client)
  let trials = 0
  return {
    access: server.access,
    client,
    history,
    program,
    nextId: () => `x${String(++trials).padStart(4, '0')}`,
    async stop() {
      await history.stop()
      await client.close()
      await server.stop()
      await remove()
    },
  }
}

const aClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  provisioner: 'test.dev/none',
  volumeBindingMode: 'WaitForFirstConsumer',
}
const byDefault = { 'storageclass.kubernetes.io/is-default-class': 'true' }
const classes = [
  { ...aClass, metadata: { name: 'standard', annotations: byDefault }, allowVolumeExpansion: true },
  { ...aClass, metadata: { name: 'rigid' }, allowVolumeExpansion: false },
]
