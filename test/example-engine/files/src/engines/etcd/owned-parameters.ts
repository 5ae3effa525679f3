/** The settings of etcd that nobody but Trove sets: the agent, the volume, the log's reader and the walls around the server rest on them. */
import type { Owned } from '../parameters/rule.ts'

export const owned: readonly Owned[] = [
  {
    name: /^(listen-.*|advertise-.*|initial-.*|name|bcrypt-cost|auth-token)$/,
    why: 'the agent, the Service and the probes reach the server where they look for it, and nobody elsewhere',
  },
  { name: 'enable-pprof', why: 'whoever reaches the port could read the memory of the server' },
  { name: /^log/, why: 'the log goes to the container, where Trove reads what ended the server' },
]
