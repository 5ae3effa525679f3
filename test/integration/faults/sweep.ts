/** Takes away everything that a trial has left, so that the next finds an API server as small as the first did. */
import { pathOf } from '../../../src/kube/resource.ts'
import type { View } from './history.ts'
import type { Upstream } from './proxy.ts'
import { resourceOf } from './stage.ts'

export async function sweep(upstream: Upstream, view: View, names: string[]): Promise<void> {
  const held = [...new Set(view.versions.map(v => v.resource))].filter(plural => plural !== 'namespaces')
  const objects = held.flatMap(plural => view.list(plural).map(({ metadata }) => ({ plural, metadata })))
  const remove = async ({ plural, metadata: { namespace, name, finalizers } }: (typeof objects)[number]) => {
    const path = pathOf(resourceOf(plural), namespace === undefined ? { name } : { namespace, name })
    if (finalizers?.length) {
      await upstream.text('PATCH', path, JSON.stringify({ metadata: { finalizers: null } }), 'application/merge-patch+json')
    }
    await upstream.text('DELETE', `${path}?gracePeriodSeconds=0`)
  }
  await Promise.all(objects.map(remove))
  for (const name of names) {
    await upstream.text('DELETE', `/api/v1/namespaces/${name}`)
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } })
    await upstream.text('PUT', `/api/v1/namespaces/${name}/finalize`, body)
  }
}
