/** Reads the state of the data volume. Pure. A claim that waits for its pod's node is no fault; one that nobody can bind says why. */
import { type Fault, fault } from '../../errors.ts'
import { parseQuantity } from '../quantity.ts'
import { clean, type Finding, fine, patienceMs, since, stuck } from './finding.ts'
import type { Observed } from './observed.ts'
import { initialisedClaimOf, isLeaving } from './observed.ts'

const type = 'VolumeBound'

/** How long a provisioner may take before it is named, and how often it is asked meanwhile what is wrong. */
const slowMs = 60_000
const askMs = 5_000

export function judgeVolume(o: Observed, lost: Fault | undefined, note: Fault | undefined): Finding {
  if (lost !== undefined) return stuck(type, lost)
  const { claim } = o.side
  if (claim === undefined) return stuck(type, fault('Provisioning', { step: 'the volume claim is being made' }))
  const { name } = claim.metadata
  if (claim.status?.phase === 'Bound') {
    // As long as its pod holds it, a database that is on record runs on. Of one that is not nothing will be left, and nobody would know.
    if (isLeaving(claim)) {
      const found = stuck(type, fault('VolumeLost', { why: `volume claim "${name}" is being deleted` }))
      return o.side.pod === undefined || initialisedClaimOf(o) === undefined ? found : { said: found.said }
    }
    if (note !== undefined) return fine(type, note.code, note.message)
    const requested = claim.spec?.resources?.requests?.storage ?? '0'
    const capacity = claim.status.capacity?.storage ?? requested
    if (parseQuantity(capacity) < parseQuantity(requested)) {
      return fine(type, 'Growing', `the volume grows from ${capacity} to ${requested}; the database runs on`)
    }
    return fine(type, 'Bound', `volume claim "${name}" is bound`)
  }

  const age = since(o.now, claim.metadata.creationTimestamp)
  const unbound = (why: string) => stuck(type, fault('VolumeUnbound', { claim: name, why }))
  const waiting = (againMs: number) => ({ ...stuck(type, fault('Provisioning', { step: 'the volume is being made' })), againMs })
  const { storageClass } = o.inquired
  if (storageClass?.kind === 'missing' || storageClass?.kind === 'none') {
    if (age < patienceMs) return waiting(patienceMs - age)
    const why =
      storageClass.kind === 'missing'
        ? `there is no StorageClass "${storageClass.name}"`
        : 'the Instance names no StorageClass and the cluster has no default one'
    return { ...unbound(why), againMs: 10_000 }
  }
  const { unprovisioned } = o.inquired
  if (unprovisioned !== undefined) return { ...unbound(clean(unprovisioned)), againMs: askMs }
  const selected = claim.metadata.annotations?.['volume.kubernetes.io/selected-node']
  if (selected === undefined || age < slowMs) return waiting(askMs)
  return unbound(`the provisioner of its StorageClass has not made a volume for node "${selected}" yet`)
}
