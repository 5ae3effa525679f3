import { expect, test } from 'vitest'
import { openKeeper } from '../runtime/kept.ts'
import { slimSecret } from './collections.ts'
import { guestLabels, labels } from './names.ts'

const secret = (labels: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db-12345678', namespace: 'trove-guests', uid: 'u', resourceVersion: '1', labels },
  data: { 'a-1': 'c2VjcmV0' },
})

test('passwords are in no pool: what equals one is not shared with it', () => {
  const kept = openKeeper()
  const other = kept({ data: { 'a-1': 'c2VjcmV0' } })
  const ours = kept(slimSecret(secret(guestLabels({ namespace: 'shop', name: 'db', uid: '12345678-0' }))))
  expect(ours.data).toEqual(other.data)
  expect(ours.data).not.toBe(other.data)
})

test('passwords of guests are kept, and of a stranger among them only the name', () => {
  const ours = secret(guestLabels({ namespace: 'shop', name: 'db', uid: '12345678-0' }))
  expect(slimSecret(ours)).toBe(ours)
  const { [labels.managedBy]: _, ...others } = ours.metadata.labels
  const stripped = secret(others)
  expect(slimSecret(stripped)).toBe(stripped)
  const theirs = slimSecret(secret({ app: 'registry' }))
  expect(theirs.data).toBeUndefined()
  expect(theirs.metadata.name).toBe('db-12345678')
})
