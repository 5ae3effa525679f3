/** Which Events an Instance's new status is worth. Pure. One per transition that a person would want to hear of; a good start has two. */
import type { Instance } from '../../api/instance.ts'
import type { EventNote } from '../../runtime/events.ts'
import { isProgress, type Report } from './conduct.ts'

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
  return notes
}
