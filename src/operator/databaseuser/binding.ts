/**
 * The binding Secret of a DatabaseUser (Service Binding "provisioned service"), in the tenant's namespace. It is created, and changed or
 * deleted only while it is ours by owner reference and label; a Secret of somebody else's that bears the name is never touched.
 */
import type { DatabaseUser } from '../../api/databaseuser.ts'
import type { Instance } from '../../api/instance.ts'
import type { OperatorEngine } from '../../engines/operator-engine.ts'
import { type Fault, fault } from '../../errors.ts'
import { absent, isAlreadyExists, isNamespaceTerminating, isRefusal } from '../../kube/errors.ts'
import type { Draft } from '../../kube/objects.ts'
import { type Secret, secrets } from '../../kube/resource.ts'
import { covers } from '../compare.ts'
import { addressOf, belongsTo, bindingName, manager, ownedBy, tenantLabels } from '../names.ts'
import type { World } from '../world.ts'

export function buildBinding(
  user: DatabaseUser,
  instance: Instance,
  engine: OperatorEngine,
  password: string,
  database: string | undefined,
): Draft<Secret> {
  const { port } = engine.ports.find(p => p.exposed)!
  const host = addressOf(instance)
  const username = user.spec.name
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
      name: bindingName(user),
      namespace: user.metadata.namespace!,
      labels: tenantLabels(user.metadata.uid),
      ownerReferences: [ownedBy(user)],
    },
    type: `servicebinding.io/${engine.engine}`,
    data: Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  }
}

/** The database that the user's spec puts first; or, if that must wait, the one that the binding has. */
export function databaseOf(user: DatabaseUser, keepsDatabase: boolean, found: Secret | undefined): string | undefined {
  if (!keepsDatabase || found === undefined) return user.spec.access?.[0]?.database
  const shown = found.data?.database
  return shown === undefined ? undefined : Buffer.from(shown, 'base64').toString()
}

/** Sees to it that the Secret is there and says what it must. The fault, if that is not possible. */
export async function bind(
  draftFor: (found: Secret | undefined) => Draft<Secret>,
  user: DatabaseUser,
  { writer, collections }: World,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  await collections.users.confirmOnce(user, signal)
  const ref = { name: bindingName(user), namespace: user.metadata.namespace! }
  const found = await find(user, writer, signal)
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
export async function unbind(user: DatabaseUser, { writer }: World, signal: AbortSignal): Promise<void> {
  const found = await find(user, writer, signal)
  if (found === undefined || found === 'foreign') return
  const { name, namespace, uid } = found.metadata
  await writer.delete(secrets, { name, namespace: namespace!, uid }, { signal })
}

async function find(user: DatabaseUser, writer: World['writer'], signal: AbortSignal): Promise<Secret | 'foreign' | undefined> {
  const found = await writer.get(secrets, { name: bindingName(user), namespace: user.metadata.namespace! }, { signal }).catch(absent)
  return found === undefined || belongsTo(user, found) ? found : 'foreign'
}
