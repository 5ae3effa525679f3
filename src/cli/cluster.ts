/** The cluster that a person's kubectl speaks to, found as kubectl finds it. */
import { KubeConfig } from '@kubernetes/client-node'
import { accessOf } from '../kube/access.ts'
import { type Client, connect } from '../kube/client.ts'

export interface ClusterOptions {
  kubeconfig?: string
  context?: string
  namespace?: string
}

/** Throws an Error in words for people where no cluster can be found. */
export function openCluster({ kubeconfig, context, namespace }: ClusterOptions): {
  client: Client
  namespace: string
  close(): Promise<void>
} {
  const load = () => {
    const config = new KubeConfig()
    if (kubeconfig === undefined) config.loadFromDefault()
    else config.loadFromFile(kubeconfig)
    if (context !== undefined) config.setCurrentContext(context)
    return config
  }
  const config = load()
  const current = config.getContextObject(config.getCurrentContext())
  if (current === null) throw new Error(`the kubeconfig has no context "${config.getCurrentContext()}"`)
  const client = connect(accessOf(current.name, load))
  return { client, namespace: namespace ?? current.namespace ?? 'default', close: () => client.close() }
}
