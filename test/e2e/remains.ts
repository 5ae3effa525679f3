/** What an Instance may leave behind. Looked for by the guest's name and not by label, so that what never had our labels is found too. */
import { expect } from 'vitest'
import { listAll, type Obj, reader, until } from './world.ts'

/** Every namespaced kind that we make in trove-guests. */
export const guestKinds = [
  'pods',
  'persistentvolumeclaims',
  'secrets',
  'services',
  'roles',
  'rolebindings',
  'serviceaccounts',
  'networkpolicies',
  'guests.trove.dev',
]

/** PersistentVolumes that are bound to a claim in trove-guests, or were. */
export async function guestVolumes(): Promise<Obj[]> {
  const volumes = (await (await reader()).objects('persistentvolumes', {})) as Obj[]
  return volumes.filter(volume => volume.spec.claimRef?.namespace === 'trove-guests')
}

/** Of these guests nothing is there any more but claims and Secrets that policy Retain kept, if it is asked to keep. */
export async function nothingRemains(guests: string[], kept: readonly ('persistentvolumeclaims' | 'secrets')[] = []): Promise<void> {
  const named = (name: string) => guests.some(guest => name.includes(guest))
  const kinds = guestKinds.filter(kind => !kept.includes(kind as never))
  const left = (await listAll(kinds.join(','), 'trove-guests')).filter(({ metadata }) => named(metadata.name))
  expect(left.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([])
  if (kept.includes('persistentvolumeclaims')) return
  // A volume goes after its claim, and it is the provisioner that removes it.
  await until('no PersistentVolume is theirs', async () => !(await guestVolumes()).some(({ spec }) => named(spec.claimRef.name)), 60_000)
}
