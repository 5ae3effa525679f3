/** Writes a Guest: the draft of a new one, or all of the spec and our part of the metadata of the one that is there. */
import { API_VERSION } from '../../api/kind.ts'
import type { Fault } from '../../errors.ts'
import { same } from '../compare.ts'
import { timestamp } from '../conditions.ts'
import { annotations, finalizers, guestLabels, manager } from '../names.ts'
import type { World } from '../world.ts'
import { createOnGuestSide } from './make.ts'
import type { Observed } from './observed.ts'
import type { Action } from './plan.ts'

type GuestWrite = Extract<Action, { do: 'writeGuest' }>

/** All of it, whoever else believes that a part of it is his: an apply would leave such a part where ours says no more of it. */
export async function writeGuest(action: GuestWrite, o: Observed, world: World, signal: AbortSignal): Promise<Fault | undefined> {
  const { guests } = world.collections
  const { guest } = o.side
  const draft = guestDraft(o, action)
  if (guest === undefined) return createOnGuestSide(guests, draft, o, world, signal)
  const { metadata } = guest
  const { [annotations.agentImage]: _, ...others } = metadata.annotations ?? {}
  const body = [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    { op: 'add', path: '/metadata/labels', value: { ...metadata.labels, ...draft.metadata.labels } },
    { op: 'add', path: '/metadata/annotations', value: { ...others, ...draft.metadata.annotations } },
    { op: 'add', path: '/metadata/finalizers', value: [...new Set([...(metadata.finalizers ?? []), ...draft.metadata.finalizers])] },
    { op: 'replace', path: '/spec', value: draft.spec },
  ]
  await guests.patch(metadata, { type: 'json', body }, { manager, signal })
  return undefined
}

function guestDraft({ side: { guest }, place, now }: Observed, { spec, agentImage }: GuestWrite) {
  // Nothing more is asked of the agent by a write that only records something.
  const asked = guest !== undefined && same(guest.spec, spec) ? guest.metadata.annotations?.[annotations.askedAt] : undefined
  return {
    apiVersion: API_VERSION,
    kind: 'Guest' as const,
    metadata: {
      name: place.name,
      namespace: place.guestsNamespace,
      labels: guestLabels(spec.instance),
      annotations: {
        [annotations.askedAt]: asked ?? timestamp(now),
        ...(agentImage !== undefined && { [annotations.agentImage]: agentImage }),
      },
      finalizers: [finalizers.guest],
    },
    spec,
  }
}
