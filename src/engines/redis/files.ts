/** What lies where, apart from the data itself: in the data directory, in the directory of sockets, and in that of the configuration. */
import type { EnginePaths } from '../guest-engine.ts'

export const configurationName = 'redis.conf'

/** The server's own record of its users. It writes it anew beside it and renames. */
export const aclFile = ({ data }: EnginePaths): string => `${data}/users.acl`

/** The administrator's password, readable by the server's user only, which is the agent's as well. */
export const passwordFile = ({ data }: EnginePaths): string => `${data}/administrator`

export const socketFile = ({ sockets }: EnginePaths): string => `${sockets}/redis.sock`
