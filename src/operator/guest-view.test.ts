import { expect, test } from 'vitest'
import { ApiError } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import { aDatabase, ago, anInstance } from './examples.ts'
import { confirmView } from './guest-view.ts'
import type { World } from './world.ts'

const signal = new AbortController().signal

/** What the server has, by uid; whatever else is asked for is a conflict. */
function worldWith(there: readonly KubeObject[]) {
  const asked: string[] = []
  const collection = {
    confirm: async ({ metadata: { name, uid } }: KubeObject) => {
      asked.push(name)
      if (!there.some(o => o.metadata.uid === uid)) throw new ApiError(409, 'Conflict', `${name} is not what the cache says any more`)
    },
    confirmAbsent: async () => void asked.push('no guest'),
  }
  const collections = { instances: collection, guests: collection, databases: collection }
  return { world: { collections, guestsNamespace: 'guests' } as unknown as World, own: collection as never, asked }
}

const instance = anInstance()
const going = aDatabase({ name: 'shop' }, { name: 'a', uid: 'a', deletionTimestamp: ago(1) })
const holder = aDatabase({ name: 'shop' }, { name: 'b', uid: 'b' })
const other = aDatabase({ name: 'other' }, { name: 'c', uid: 'c' })

test('nothing is let go because of another that holds its name, unless the server has that one', async () => {
  const siblings = [going, holder, other]
  const known = worldWith([instance, holder])
  await confirmView(going, siblings, known.own, { instance }, known.world, signal)
  expect(known.asked).toEqual(['b', instance.metadata.name, 'no guest'])
  const gone = worldWith([instance])
  await expect(confirmView(going, siblings, gone.own, { instance }, gone.world, signal)).rejects.toMatchObject({ reason: 'Conflict' })
})
