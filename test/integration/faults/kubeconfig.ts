/**
 * Reads the kubeconfig that operator.ts writes, in place of the official client: loading that takes longer than all the rest of a start, and in
 * a pod nothing does.
 */
import { readFileSync } from 'node:fs'

export class KubeConfig {
  #server = ''

  loadFromFile(path: string): void {
    const { clusters } = JSON.parse(readFileSync(path, 'utf8')) as { clusters: { cluster: { server: string } }[] }
    this.#server = clusters[0]!.cluster.server
  }

  getCurrentCluster(): { server: string } {
    return { server: this.#server }
  }

  /** Over plain HTTP on loopback there is nothing to present. */
  async applyToHTTPSOptions(): Promise<void> {}
}
