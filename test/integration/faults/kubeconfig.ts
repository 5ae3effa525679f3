/**
 * Reads the kubeconfigs that tests write, in place of the official client: loading that takes longer than all the rest of a start, and in a pod
 * nothing does.
 */
import { readFileSync } from 'node:fs'

interface Config {
  clusters: [{ cluster: { server: string; 'certificate-authority-data'?: string } }]
  users: [{ user: { token: string } }]
}

export class KubeConfig {
  #config: Config | undefined

  loadFromFile(path: string): void {
    this.#config = JSON.parse(readFileSync(path, 'utf8')) as Config
  }

  getCurrentCluster(): { server: string } {
    return this.#config!.clusters[0].cluster
  }

  /** Over plain HTTP on loopback the proxy wants nothing of it. */
  async applyToHTTPSOptions(options: { headers?: unknown; ca?: unknown }): Promise<void> {
    const { clusters, users } = this.#config!
    const ca = clusters[0].cluster['certificate-authority-data']
    options.headers = { Authorization: `Bearer ${users[0].user.token}` }
    if (ca !== undefined) options.ca = Buffer.from(ca, 'base64')
  }
}
