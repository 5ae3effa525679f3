/**
 * The two scripts that run in the engine's own image, under the volume's lock: initialisation and start. POSIX sh, and nothing but the
 * engine's server and what the launcher needs anyway.
 */
import type { EnginePaths, StartCommand } from '../guest-engine.ts'
import { word } from '../shell.ts'
import { aclFile, configurationName, passwordFile, socketFile } from './files.ts'
import { administrator } from './names.ts'

/** An empty directory is an empty database. Who may log in is written at each start. */
export const initialise = ({ data }: EnginePaths): string => `mkdir -m 700 ${word(data)} && sync ${word(data)}`

/**
 * The server asks no socket who is there, so the administrator has a password, made anew at each start and known to the volume alone: whatever
 * became of the old one or of the server's record of its users, there is an administrator afterwards, and nobody logs in without a password.
 * Of the record every whole line of another user stays, so that users outlive a restart in which nobody can be asked; one that is lost
 * comes back when the agent next brings users about. `printf` and `read` are the shell's own, and the variable is no one's but its: no password is in an
 * argument or in the environment of any process.
 *
 * The user "default" is off, so nobody is it, and still has every right: at a start the server replays its log as that user, and of what was written
 * in transactions and by scripts it drops, without an error, what that user may not do.
 *
 * TERM is a clean shutdown that syncs the log. A server that is still loading its data ends at TERM as well, at its next look around.
 */
export function start(server: string, paths: EnginePaths): StartCommand {
  const acl = word(aclFile(paths))
  const password = word(passwordFile(paths))
  const socket = word(socketFile(paths))
  return {
    script: `umask 077
unset password
rm -f ${socket} ${acl}.* ${password}.*
for part in 1 2 3; do read -r uuid </proc/sys/kernel/random/uuid && password=$password$uuid || exit; done
{
  printf 'user default off ~* &* +@all\\nuser ${administrator} on >%s ~* &* +@all\\n' "$password" || exit
  if [ -e ${acl} ]; then
    while IFS= read -r line; do
      case $line in
        'user default' | 'user default '* | 'user ${administrator}' | 'user ${administrator} '*) ;;
        'user '*) printf '%s\\n' "$line" || exit ;;
      esac
    done <${acl}
  fi
} >${acl}.new && printf '%s\\n' "$password" >${password}.new && sync ${acl}.new ${password}.new || exit
mv ${password}.new ${password} && mv ${acl}.new ${acl} && sync ${word(paths.data)} || exit
unset password
exec ${server} ${word(`${paths.configuration}/${configurationName}`)} --dir ${word(paths.data)} --aclfile ${acl} --unixsocket ${socket} --unixsocketperm 770`,
    stopSignal: 'TERM',
  }
}
