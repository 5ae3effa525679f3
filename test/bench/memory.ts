/** Memory of our processes on the node, in MiB: RSS, and PSS, which shares out the pages that several processes have in common. */
import type { Cluster } from '../kind/cluster.ts'

interface Memory {
  rss: number
  pss: number
}

export interface AgentMemory extends Memory {
  /** The Guest that it is the agent of. */
  guest: string
}

/** Of every Node that runs this program, and not of the shell that asks. */
const of = async (cluster: Cluster, program: string): Promise<AgentMemory[]> => {
  const script = `for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -q '^/nodejs/bin/node .*/app/${program}' && echo "$(awk '/^Rss:/{r=$2} /^Pss:/{p=$2} END{print r, p}' $p/smaps_rollup) $(tr '\\0' '\\n' < $p/environ | sed -n 's/^TROVE_GUEST=//p')"; done; true`
  const { stdout } = await cluster.nodeExec(['sh', '-c', script])
  const lines = stdout.trim().split('\n').filter(Boolean)
  return lines.map(line => {
    const [rss, pss, guest = ''] = line.split(' ')
    return { rss: Number(rss) / 1024, pss: Number(pss) / 1024, guest }
  })
}

export const agentMemory = (cluster: Cluster) => of(cluster, 'guest.mjs')

/** Of the larger of the two: the one that leads. */
export async function operatorMemory(cluster: Cluster): Promise<Memory> {
  const [operator] = (await of(cluster, 'operator.mjs')).sort((a, b) => b.rss - a.rss)
  if (operator === undefined) throw new Error('no operator is running on the node')
  return operator
}
