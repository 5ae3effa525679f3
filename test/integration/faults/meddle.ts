/** Somebody else's hand in what is ours: a child deleted, edited, or replaced by another of the same name, while the operator is at work on it. */
import type { KubeObject } from '../../../src/kube/objects.ts'
import { pathOf } from '../../../src/kube/resource.ts'
import type { Loose } from './history.ts'
import type { PlanOf } from './plans.ts'
import { resourceOf } from './stage.ts'
import type { Armed, Controls } from './trial.ts'
import { atWrite } from './when.ts'

/** How each kind is edited so that it no longer does what it is for. */
export const edits: Record<string, object> = {
  networkpolicies: { spec: { ingress: null } },
  roles: { rules: [] },
  rolebindings: { subjects: [] },
  serviceaccounts: { automountServiceAccountToken: true },
  services: { spec: { publishNotReadyAddresses: false } },
}

export function meddle(plan: PlanOf<'replaced' | 'deleted' | 'edited'>, c: Controls): Armed {
  return atWrite(plan.write, c, 'after', async answer => {
    const object = JSON.parse(answer.body) as Loose
    if (answer.status >= 300) return undefined
    const { name, namespace } = object.metadata
    const path = pathOf(resourceOf(plan.resource), namespace === undefined ? { name } : { name, namespace })
    const { upstream } = c
    if (plan.fault === 'edited') {
      await upstream.text('PATCH', path, JSON.stringify(edits[plan.resource]), 'application/merge-patch+json')
      return undefined
    }
    if (plan.fault === 'replaced') {
      await upstream.text('PATCH', path, JSON.stringify({ metadata: { finalizers: null } }), 'application/merge-patch+json')
    }
    await upstream.text('DELETE', plan.fault === 'replaced' ? `${path}?gracePeriodSeconds=0` : path)
    if (plan.fault === 'replaced') await upstream.text('POST', path.slice(0, path.lastIndexOf('/')), JSON.stringify(anotherLike(object)))
    return undefined
  })
}

/** Equal in everything that whoever makes it can choose. */
function anotherLike(object: Loose): object {
  const { status: _, ...rest } = object
  const {
    uid: _uid,
    resourceVersion: _rv,
    creationTimestamp: _ct,
    generation: _g,
    managedFields: _mf,
    ...metadata
  } = object.metadata as KubeObject['metadata'] & {
    managedFields?: unknown
  }
  const { clusterIP: _ip, clusterIPs: _ips, ...spec } = (rest.spec ?? {}) as Record<string, unknown>
  return { ...rest, metadata, ...(rest.spec !== undefined && { spec }) }
}
