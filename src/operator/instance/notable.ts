/** Which Events an Instance's new status is worth. Pure. One per transition that a person would want to hear of; a good start has two. */
import type { Instance } from '../../api/instance.ts'
import { faults } from '../../faults.ts'
import type { EventNote } from '../../runtime/events.ts'
import { isProgress, progress, type Report } from './conduct.ts'

export function notable(before: Instance, report: Report): EventNote[] {
  const notes: EventNote[] = []
  const say = (type: EventNote['type'], reason: string, action: string, note: string) =>
    notes.push({ regarding: before, type, reason, action, note })
  const reasonBefore = before.status?.conditions?.find(c => c.type === 'Ready')?.reason
  const { stands } = report
  if (stands === undefined) {
    if (reasonBefore !== 'Active')
      say('Normal', 'Active', 'Provision', `the database answers at ${report.status.address}:${report.status.port}`)
  } else if (stands.code !== reasonBefore) {
    say(
      isProgress(stands) ? 'Normal' : 'Warning',
      stands.code,
      before.metadata.deletionTimestamp === undefined ? 'Provision' : 'Delete',
      stands.message,
    )
  }
  const [volumeBefore, volume] = [before.status, report.status].map(s => s?.conditions?.find(c => c.type === 'VolumeBound'))
  // The database runs on, so nothing else tells of it.
  if (volume?.status === 'True' && volume.reason !== volumeBefore?.reason && isCode(volume.reason)) {
    say('Warning', volume.reason, 'Grow', volume.message)
  }
  // So does it with root, of which whoever looks after the database should hear in any case.
  const [wasIn, isIn] = [before.status, report.status].map(s => s?.root?.enabled ?? false)
  if (isIn && !wasIn) say('Normal', 'RootEnabled', 'Root', 'the engine lets root in, with every right')
  if (wasIn && !isIn) say('Normal', 'RootDisabled', 'Root', 'the engine does not let root in any more')
  for (const [type, action] of beside) {
    const [was, is] = [before.status, report.status].map(s => s?.conditions?.find(c => c.type === type))
    if (is === undefined || is.reason === was?.reason || is.reason === stands?.code) continue
    if (isCode(is.reason) && !progress.has(is.reason)) say('Warning', is.reason, action, is.message)
  }
  return notes
}

/** Conditions that say False of a database which runs on, and what is done there. */
const beside = [
  ['ConfigurationApplied', 'Configure'],
  ['RootEnabled', 'Root'],
] as const

const isCode = (reason: string) => Object.hasOwn(faults, reason)
