/**
 * A binding Secret (Service Binding "provisioned service") in a tenant's namespace: all that a client needs to connect as one login. It is created, and
 * changed or deleted only while it is ours by owner reference and label; a Secret of somebody else's that bears the name is never touched.
 */
import type { Instance } from '../api/instance.ts'
import type { OperatorEngine } from '../engines/operator-engine.ts'
import { type Fault, fault } from '../errors.ts'
import { absent, isAlreadyExists, isNamespaceTerminating, isRefusal } from '../kube/errors.ts'
import type { Draft, KubeObject } from '../kube/objects.ts'
import { type Secret, secrets } from '../kube/resource.ts'
import { covers } from './compare.ts'
import { addressOf, belongsTo, manager, ownedBy, tenantLabels } from './names.ts'
import type { World } from './world.ts'

/** Which Secret: its name, and the object in the same namespace that it belongs to. */
export interface BindingOf {
  owner: KubeObject
  name: string
}

export interface Login {
  username: string
  password: string
  database: string | undefined
}

export function buildBinding({ owner, name }: BindingOf, instance: Instance, engine: OperatorEngine, login: Login): Draft<Secret> {
  const { port } = engine.ports.find(p => p.exposed)!
  const host = addressOf(instance)
  const { username, password, database } = login
  const uri = engine.bindingUri({ host, port, username, password, ...(database !== undefined && { database }) })
  const entries = {
    type: engine.engine,
    provider: 'trove',
    host,
    port: String(port),
    username,
    password,
    ...(database !== undefined && { database }),
    uri,
  }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace: owner.metadata.namespace!,
      labels: tenantLabels(owner.metadata.uid),
      ownerReferences: [ownedBy(owner)],
    },
    type: `servicebinding.io/${engine.engine}`,
    data: Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  }
}

/** Sees to it that the Secret is there and says what it must. The fault, if that is not possible. The owner must be known to be there. */
export async function bind(
  draftFor: (found: Secret | undefined) => Draft<Secret>,
  of: BindingOf,
  { writer }: Pick<World, 'writer'>,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const ref = refOf(of)
  const found = await find(of, writer, signal)
  if (found === 'foreign') return fault('NameTaken', { kind: 'Secret', name: ref.name, owner: 'somebody else' })
  const draft = draftFor(found)
  try {
    if (found === undefined) await writer.create(secrets, draft, { signal })
    else if (!covers(found, draft) || Object.keys(found.data ?? {}).length !== Object.keys(draft.data ?? {}).length) {
      const gone = Object.keys(found.data ?? {}).filter(key => draft.data?.[key] === undefined)
      const data = { ...Object.fromEntries(gone.map(key => [key, null])), ...draft.data }
      const { uid, resourceVersion } = found.metadata
      const metadata = { uid, resourceVersion, labels: draft.metadata.labels }
      await writer.patch(secrets, ref, { type: 'merge', body: { metadata, data } }, { manager, signal })
    }
    return undefined
  } catch (error) {
    if (isNamespaceTerminating(error)) return fault('NamespaceTerminating', { namespace: ref.namespace })
    // Somebody was faster: whose it is will be seen at the next look.
    if (isAlreadyExists(error)) return fault('NameTaken', { kind: 'Secret', name: ref.name, owner: 'somebody else' })
    if (isRefusal(error)) return fault('ObjectRefused', { kind: 'Secret', name: ref.name, why: error.message })
    throw error
  }
}

/** Deletes the Secret, if it is there and ours. */
export async function unbind(of: BindingOf, { writer }: Pick<World, 'writer'>, signal: AbortSignal): Promise<void> {
  const found = await find(of, writer, signal)
  if (found === undefined || found === 'foreign') return
  const { name, namespace, uid } = found.metadata
  await writer.delete(secrets, { name, namespace: namespace!, uid }, { signal })
}

async function find(of: BindingOf, writer: World['writer'], signal: AbortSignal): Promise<Secret | 'foreign' | undefined> {
  const found = await writer.get(secrets, refOf(of), { signal }).catch(absent)
  return found === undefined || belongsTo(of.owner, found) ? found : 'foreign'
}

const refOf = ({ owner, name }: BindingOf) => ({ name, namespace: owner.metadata.namespace! })
