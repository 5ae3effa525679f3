/** Creates what must not exist yet, and says whose it is if it does. */
import { type Fault, fault } from '../../errors.ts'
import { isAlreadyExists, isNamespaceTerminating, isNotFound, isRefusal } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { Service } from '../../kube/resource.ts'
import type { Collection } from '../../runtime/collection.ts'
import { covers } from '../compare.ts'
import { isOurAddress } from '../names.ts'
import type { World } from '../world.ts'
import { patchAsSeen } from './as-seen.ts'
import { isOurs, type Observed } from './observed.ts'

export async function createOnGuestSide<T extends KubeObject>(
  collection: Collection<T>,
  draft: Parameters<Collection<T>['create']>[0],
  o: Observed,
  { client }: World,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const { kind } = collection.resource
  const { name, namespace } = draft.metadata
  try {
    await collection.create(draft, signal)
    return undefined
  } catch (error) {
    if (isAlreadyExists(error)) {
      const found = await client.get(collection.resource, { name, namespace: namespace! }, { signal })
      return adopt(collection, found, draft, o, signal)
    }
    if (!isRefusal(error)) throw error
    if (kind === 'Pod') return fault('PodRefused', { why: error.message })
    if (kind === 'PersistentVolumeClaim') return fault('VolumeUnbound', { claim: name, why: error.message })
    return fault('ObjectRefused', { kind, name, why: error.message })
  }
}

/** What is there already is either ours, made before our cache saw it, or a stranger's. One that is watched by labels is not seen without them. */
async function adopt<T extends KubeObject>(
  collection: Collection<T>,
  found: T,
  draft: { metadata: { labels?: Record<string, string> } },
  o: Observed,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const { kind, metadata } = found
  if (!isOurs(o, found)) return fault('NameCollision', { kind, name: metadata.name })
  const ours = draft.metadata.labels
  if (covers(metadata.labels, ours)) collection.adopt(found)
  else await patchAsSeen(collection, found, { metadata: { labels: ours } }, signal)
  return undefined
}

export async function createTenantService(
  draft: Parameters<Collection<Service>['create']>[0],
  { instance, place }: Observed,
  { collections: { services }, client }: World,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const ref = { name: draft.metadata.name, namespace: draft.metadata.namespace! }
  const taken = async (): Promise<Fault | undefined> => {
    const found = await client.get(services.resource, ref, { signal })
    if (!isOurAddress(instance, found, place.guestsNamespace))
      return fault('NameTaken', { kind: 'Service', name: ref.name, owner: 'somebody else' })
    services.adopt(found)
    return undefined
  }
  try {
    // Where the name was taken a moment ago, look before trying to write again.
    if (instance.status?.fault?.code === 'NameTaken') {
      const still = await taken().catch(error => {
        if (isNotFound(error)) return 'free' as const
        throw error
      })
      if (still !== 'free') return still
    }
    await services.create(draft, signal)
    return undefined
  } catch (error) {
    if (isAlreadyExists(error)) return taken()
    if (isNamespaceTerminating(error) || isNotFound(error)) return fault('NamespaceTerminating', { namespace: ref.namespace })
    if (isRefusal(error)) return fault('ObjectRefused', { kind: 'Service', name: ref.name, why: error.message })
    throw error
  }
}
