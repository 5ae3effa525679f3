/** Keeps root's binding Secret in the tenant's namespace: shown once the engine has the password, and taken away before the Guest says that root goes. */
import type { GuestSpec } from '../../api/guest.ts'
import { rootName } from '../../engines/root.ts'
import type { Fault } from '../../errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { keyOf } from '../../runtime/store.ts'
import { type BindingOf, bind, buildBinding, unbind } from '../binding.ts'
import type { BindingWatch } from '../binding-watch.ts'
import { rootBindingName } from '../names.ts'
import type { World } from '../world.ts'
import { stoodEnabled } from './judge-root.ts'
import { isLeaving, type Observed } from './observed.ts'
import { hasRoot, wantsRoot } from './root.ts'

const bindingOf = (owner: KubeObject): BindingOf => ({ owner, name: rootBindingName(owner) })

/** 'shown', what stands in the way, or undefined where there is nothing to be shown yet. The Secret itself is read only when it may be wrong, or its time has come. */
export async function bindRoot(o: Observed, world: World, watch: BindingWatch, signal: AbortSignal): Promise<'shown' | Fault | undefined> {
  const { instance, side } = o
  const { guest, secret } = side
  const key = keyOf(instance)
  const engine = guest && o.engines[guest.spec.engine]
  if (engine === undefined || isLeaving(instance) || !wantsRoot(instance, engine)) {
    watch.forget(key)
    return undefined
  }
  const { passwordRevision = '' } = guest?.spec.root ?? {}
  const encoded = secret?.data?.[passwordRevision]
  // A binding never points at a stranger's Service.
  if (guest === undefined || !hasRoot(guest) || encoded === undefined || o.tenantService === undefined) return undefined
  // With another Guest the Secret went.
  const revision = `${guest.metadata.uid} ${passwordRevision}`
  if (stoodEnabled(instance) && !watch.isDue(key, revision)) return 'shown'
  await world.collections.instances.confirmOnce(instance, signal)
  await world.collections.guests.confirmOnce(guest, signal)
  const password = Buffer.from(encoded, 'base64').toString('utf8')
  const of = bindingOf(instance)
  const draft = buildBinding(of, instance, engine, { username: rootName, password, database: engine.rootDatabase })
  const refused = await bind(() => draft, of, world, signal)
  if (refused === undefined) watch.checked(key, revision)
  else watch.forget(key)
  return refused ?? 'shown'
}

/**
 * Nobody holds a Secret that lets nobody in: it goes before the engine is asked to let root in no more. Once the Guest says so there is none, so that
 * whoever comes after a crash need not look for one.
 */
export async function unbindRootBefore(next: GuestSpec, o: Observed, world: World, signal: AbortSignal): Promise<void> {
  if (next.root?.ensure === 'Absent' && o.side.guest?.spec.root?.ensure !== 'Absent') await unbind(bindingOf(o.instance), world, signal)
}

/** With the Guest goes the last that tells of it. */
export async function unbindRootWithGuest(o: Observed, world: World, signal: AbortSignal): Promise<void> {
  if (o.side.guest?.spec.root?.ensure === 'Present') await unbind(bindingOf(o.instance), world, signal)
}
