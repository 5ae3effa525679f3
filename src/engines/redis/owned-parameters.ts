/** The settings of Redis and Valkey that nobody but Trove sets: the agent, the volume, the log's readers and the walls around the server rest on them. */
import type { Owned } from '../parameters/rule.ts'

export const owned: readonly Owned[] = [
  {
    name: /^(bind|bind-source-addr|port|unixsocket.*|socket-mark-id|protected-mode|rdma-.*)$/,
    why: 'the agent, the Service and the probes reach the server where they look for it, and nobody elsewhere',
  },
  { name: /^tls-/, why: 'keys and certificates are files in the pod, and none are there' },
  { name: /^(dir|dbfilename|appenddirname|appendfilename|pidfile)$/, why: 'these files are where the volume and the pod have them' },
  { name: /^(aclfile|requirepass|acl-pubsub-default)$/, why: 'the agent makes logins, and what they may do' },
  { name: /^enable-(debug-command|module-command|protected-configs)$/, why: 'clients could reach out of the server' },
  { name: 'sanitize-dump-payload', why: 'a client could end the server with what it restores' },
  { name: /^(appendonly|aof-load-truncated)$/, why: 'a server that once ran without its log would load an old one the next time, or none' },
  { name: /^(shutdown-on-sig(int|term)|daemonize|supervised|crash-memcheck-enabled)$/, why: 'the agent starts and stops the server' },
  { name: /^(oom-score-adj.*|.*[-_]cpulist)$/, why: 'the node decides where the server runs' },
  {
    name: /^(logfile|loglevel|log-.*|syslog-.*|always-show-logo)$/,
    why: 'the log goes to the container, where Trove reads what ended the server',
  },
  {
    name: /^(replicaof|slaveof|(replica|slave|repl)-.*|min-(replicas|slaves)-.*|(primary|master)(auth|user)|dual-channel-replication-enabled|import-mode|availability-zone)$/,
    why: 'Trove decides which server follows which',
  },
  { name: /^cluster-/, why: 'the server stands for itself' },
]
