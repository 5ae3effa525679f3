/** What lies where: in the data directory, in the directory of sockets, and in that of the configuration. */
import type { EnginePaths } from '../guest-engine.ts'

export const configurationName = 'etcd.env'

export const configurationFile = ({ configuration }: EnginePaths): string => `${configuration}/${configurationName}`

/** The configuration that the server was started with: it cannot be asked for it. */
export const startedWithFile = ({ sockets }: EnginePaths): string => `${sockets}/etcd.env`

export const socketFile = ({ sockets }: EnginePaths): string => `${sockets}/etcd.sock`

/** Beside etcd's own directory, which is to hold nothing else. */
export const storeDirectory = ({ data }: EnginePaths): string => `${data}/store`
export const passwordFile = ({ data }: EnginePaths): string => `${data}/administrator`
