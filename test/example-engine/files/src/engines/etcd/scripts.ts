/** The two scripts that run in the engine's own image, under the volume's lock: initialisation and start. POSIX sh, etcd and etcdctl. */
import { type Privilege, privileges } from '../../api/databaseuser.ts'
import type { EnginePaths, StartCommand } from '../guest-engine.ts'
import { word } from '../shell.ts'
import { configurationFile, passwordFile, socketFile, startedWithFile, storeDirectory } from './files.ts'
import { administrator } from './names.ts'

/** etcd knows reading and writing: an Owner has nothing over one who reads and writes. For leases and compaction it asks no rights: any login will do. */
const permission: Record<Privilege, string> = { Owner: 'readwrite', ReadWrite: 'readwrite', ReadOnly: 'read' }

/**
 * etcd asks no socket who is there, so the administrator has a password, known to the volume alone. There is no moment in which a tenant could
 * come in without one: while it is made the server listens on the local socket only. `printf` and `read` are the shell's own: no password is in an argument or in
 * the environment of any process.
 */
export function initialise(paths: EnginePaths): string {
  const socket = word(socketFile(paths))
  const roles = privileges.map(
    role => `etcdctl role add ${role} && etcdctl role grant-permission --prefix ${role} ${permission[role]} '' || exit`,
  )
  return `umask 077
mkdir ${word(paths.data)} || exit
unset password
for part in 1 2; do read -r uuid </proc/sys/kernel/random/uuid && password=$password$uuid || exit; done
printf '%s\\n' "$password" >${word(passwordFile(paths))} || exit
export ETCDCTL_ENDPOINTS=unix://${socket}
etcd --data-dir ${word(storeDirectory(paths))} --listen-client-urls unix://${socket} --advertise-client-urls http://localhost:2379 --bcrypt-cost 4 &
server=$!
trap 'kill $server' EXIT
until etcdctl endpoint health; do kill -0 $server && sleep 0.2 || exit 1; done
printf '%s\\n' "$password" | etcdctl user add ${administrator} --interactive=false && etcdctl user grant-role ${administrator} root || exit
${roles.join('\n')}
etcdctl auth enable || exit
trap - EXIT
kill $server
wait $server
sync`
}

/** TERM is a clean shutdown. Of a crash etcd leaves nothing that would be in the way: it removes an old socket by itself. */
export function start(paths: EnginePaths): StartCommand {
  const configuration = word(configurationFile(paths))
  return {
    script: `umask 077
cp ${configuration} ${word(startedWithFile(paths))} || exit
set -a
. ${configuration}
exec etcd --data-dir ${word(storeDirectory(paths))} --listen-client-urls http://0.0.0.0:2379,unix://${word(socketFile(paths))} --advertise-client-urls http://localhost:2379`,
    stopSignal: 'TERM',
  }
}
