/**
 * An engine's own client, in a pod of the tenant that runs the engine's image. What it is asked is the same for all: keep a value, give it back.
 * How it is asked in the engine's own words is a dialect, in the engine's file.
 */
import { clientPod, type Login, tryInPod } from '../client.ts'

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

export interface Client {
  /** To be asked first, by an owner. */
  prepare(login: Login): Promise<Outcome>
  put(login: Login, key: string, value: string): Promise<Outcome>
  get(login: Login, key: string): Promise<Outcome>
  /** Who the server says is asking. */
  whoAmI(login: Login): Promise<Outcome>
  /** Does something that is nobody's but an administrator's. */
  administer(login: Login): Promise<Outcome>
  /** What the server says of a setting that is in force, to an owner. */
  show(login: Login, setting: Setting): Promise<Outcome>
  settings: Settings
  /** How the server says no. */
  denied: RegExp
  wrongPassword: RegExp
}

export interface Setting {
  name: string
  /** As it is asked for, and what is seen of it then. */
  value: string | number
  seen: RegExp
}

export interface Settings {
  /** One that a running engine can change, if there is any, and one that it cannot. */
  live?: Setting
  cold: Setting
  /** One that every rule allows and the engine does not start with. */
  refused: { name: string; value: string | number }
}

export interface Dialect {
  /** POSIX sh. The password is the first line of standard input, host, port, user and database are `$1` to `$4`, what is asked follows: as further arguments, or as lines. */
  script: string
  prepare: string[]
  put(key: string, value: string): string[]
  get(key: string): string[]
  whoAmI: string[]
  /** What root may do and an Owner may not, where the engine has a root. */
  administer?: string[]
  show(name: string): string[]
  settings: Settings
  denied: RegExp
  wrongPassword: RegExp
  /** Pattern of the engine's first process. */
  process: string
  /** What the engine says last when it has stopped in order. */
  cleanEnd: RegExp
}

export async function openClient(dialect: Dialect, image: string, namespace: string): Promise<Client> {
  await clientPod(namespace, image)
  const isByArguments = dialect.script.includes('"$@"')
  const ask = async ({ host, port, username, password, database }: Login, asked: string[]) => {
    const args = [host, port, username, database, ...(isByArguments ? asked : [])]
    const outcome = await tryInPod(namespace, dialect.script, args, `${password}\n${isByArguments ? '' : `${asked.join('\n')};\n`}`)
    return { ...outcome, stdout: outcome.stdout.trim() }
  }
  return {
    ...dialect,
    prepare: login => ask(login, dialect.prepare),
    put: (login, key, value) => ask(login, dialect.put(key, value)),
    get: (login, key) => ask(login, dialect.get(key)),
    whoAmI: login => ask(login, dialect.whoAmI),
    administer: login => ask(login, dialect.administer ?? []),
    show: (login, { name }) => ask(login, dialect.show(name)),
  }
}
