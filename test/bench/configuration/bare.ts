/**
 * The bare client, a process: when the group changes it writes each Guest anew, and each Instance's status once the agent says that it runs with that,
 * by the operator's own requests. It renders nothing, judges nothing and compares nothing. Argument: a kubeconfig.
 */
import { createHash } from 'node:crypto'
import type { ConfigurationGroup } from '../../../src/api/configurationgroup.ts'
import type { Guest } from '../../../src/api/guest.ts'
import type { Instance } from '../../../src/api/instance.ts'
import { accessFromKubeconfig } from '../../../src/kube/access.ts'
import { connect } from '../../../src/kube/client.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import type { Resource } from '../../../src/kube/resource.ts'
import { timestamp } from '../../../src/operator/conditions.ts'
import { annotations, manager, statusManager } from '../../../src/operator/names.ts'
import { configurationgroups, guests, instances } from '../../../src/operator/resources.ts'
import { guestsNamespace, tenant } from '../scale/names.ts'

const client = connect(await accessFromKubeconfig(process.argv[2]!), { userAgent: 'bare-client' })
const { signal } = new AbortController()
const seen = { guests: new Map<string, Guest>(), instances: new Map<string, Instance>() }
/** Guests that were written and whose agents have not answered yet, by name. */
const asked = new Map<string, string>()

async function follow<T extends KubeObject>(r: Resource<T>, namespace: string, took: (object: T) => void): Promise<void> {
  return new Promise((synced, failed) => {
    const watch = async () => {
      for await (const event of client.watch(r, { namespace, sendInitialEvents: true, timeoutSeconds: 3000, signal })) {
        if (event.type === 'BOOKMARK') synced()
        else if (event.type !== 'DELETED') took(event.object)
      }
    }
    watch().catch(failed)
  })
}

/** See src/operator/instance/write-guest.ts. */
async function writeGuest({ metadata, spec }: Guest, settings: Record<string, string>): Promise<void> {
  const { configuration } = spec
  const text = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`)
  const files = configuration.files.map(file => ({
    ...file,
    content: `${file.content.replaceAll(/^(work_mem|random_page_cost|jit) = .*\n/gm, '')}${text.join('')}`,
  }))
  const hash = createHash('sha256').update(JSON.stringify(files)).digest('hex')
  asked.set(metadata.name, hash)
  const changed = { ...spec, configuration: { ...configuration, hash, files, layers: { ...configuration.layers, group: settings } } }
  const body = [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    { op: 'add', path: '/metadata/labels', value: metadata.labels },
    { op: 'add', path: '/metadata/annotations', value: { ...metadata.annotations, [annotations.askedAt]: timestamp(new Date()) } },
    { op: 'add', path: '/metadata/finalizers', value: metadata.finalizers },
    { op: 'replace', path: '/spec', value: changed },
  ]
  await client.patch(guests, metadata, { type: 'json', body }, { manager, signal })
}

/** See src/operator/write-status.ts. */
async function writeStatus({ apiVersion, kind, metadata, status }: Instance, hash: string): Promise<void> {
  const { name, namespace, uid, resourceVersion } = metadata
  const changed = { ...status, configuration: { hash } }
  const object = { apiVersion, kind, metadata: { name, namespace: namespace!, uid, resourceVersion }, status: changed }
  await client.apply(instances, object as never, { manager: statusManager, subresource: 'status', signal })
}

const ended = (error: unknown) => {
  console.error(error)
  process.exit(1)
}

await follow(instances, tenant, instance => seen.instances.set(instance.metadata.uid, instance))
await follow(guests, guestsNamespace, guest => {
  seen.guests.set(guest.metadata.name, guest)
  const hash = asked.get(guest.metadata.name)
  if (hash === undefined || guest.status?.configuration?.hash !== hash) return
  asked.delete(guest.metadata.name)
  writeStatus(seen.instances.get(guest.spec.instance.uid)!, hash).catch(ended)
})
let generation: number | undefined
await follow(configurationgroups, tenant, (group: ConfigurationGroup) => {
  const isNew = generation !== undefined && group.metadata.generation !== generation
  generation = group.metadata.generation ?? 0
  if (!isNew) return
  const settings = Object.fromEntries(Object.entries(group.spec.values).map(([name, value]) => [name, String(value)]))
  for (const guest of seen.guests.values()) writeGuest(guest, settings).catch(ended)
})
console.log('watching')
