/** Memory of our processes on the node, in MiB: RSS, and PSS, which shares out the pages that several processes have in common. */
import type { Cluster } from '../kind/cluster.ts'

export interface Memory {
  rss: number
  pss: number
}

/** Of every Node that runs this program, and not of the shell that asks. */
const of = async (cluster: Cluster, program: string): Promise<Memory[]> => {
  const script = `for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -q '^/nodejs/bin/node .*/app/${program}' && awk '/^Rss:/{r=$2} /^Pss:/{p=$2} END{print r, p}' $p/smaps_rollup; done; true`
  const { stdout } = await cluster.nodeExec(['sh', '-c', script])
  const lines = stdout.trim().split('\n').filter(Boolean)
  return lines.map(line => {
    const [rss, pss] = line.split(' ').map(n => Number(n) / 1024)
    return { rss: rss ?? Number.NaN, pss: pss ?? Number.NaN }
  })
}

export const agentMemory = (cluster: Cluster) => of(cluster, 'guest.mjs')

/** Of the larger of the two: the one that leads. */
export async function operatorMemory(cluster: Cluster): Promise<Memory> {
  const [operator] = (await of(cluster, 'operator.mjs')).sort((a, b) => b.rss - a.rss)
  if (operator === undefined) throw new Error('no operator is running on the node')
  return operator
}
