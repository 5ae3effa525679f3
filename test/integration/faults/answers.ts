/** What a server says when it will not, and how what it says is recognised. */
import type { KubeObject } from '../../../src/kube/objects.ts'
import type { Exchange } from './journal.ts'
import type { Verdict, WatchLine } from './proxy.ts'

/** The resource that is watched, for what strikes each watch once. */
export const watchOf = (x: Exchange): string | undefined => (x.verb === 'watch' ? x.resource : undefined)

export const endsList = (object: KubeObject): boolean => object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true'

const failure = (code: number, reason: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: `${reason}, says the test`,
  reason,
  code,
})

export const expired: WatchLine = { type: 'ERROR', object: failure(410, 'Expired') as unknown as KubeObject }

/** The connection holds, and half of the answer is missing. */
export const cutShort = ({ status, body }: { status: number; body: string }): Verdict => ({
  do: 'answer',
  status,
  body: body.slice(0, body.length / 2),
})

export const refusal = (code: number, reason: string, headers: Record<string, string> = {}): Verdict => ({
  do: 'answer',
  status: code,
  body: JSON.stringify(failure(code, reason)),
  headers,
})
