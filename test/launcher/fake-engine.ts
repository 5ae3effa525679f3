/**
 * An engine of a few lines of sh, for tests of the agent: it has a data directory that must have been initialised, a log of its starts, and
 * answers by the file `up` in the sockets' directory. Databases and users are files in its data directory, so that they outlive it.
 * Files in the shared directory steer it: `slow-init` (initialising takes so many seconds), `refuse` (it ends at once with that status),
 * `deaf` (it runs and does not answer), `fail-upgrade` and `slow-upgrade` (its own tool for an older version's data fails, or takes so many seconds).
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EnginePaths, EngineSession, GuestEngine } from '../../src/engines/guest-engine.ts'
import { fault, TroveError } from '../../src/errors.ts'

export function fakeEngine(shared: string): GuestEngine {
  const steering = (name: string) => join(shared, name)
  return {
    engine: 'postgresql',
    initialise: ({ data, configuration, sockets }) => `[ -e '${configuration}/engine.conf' ] && [ -d '${sockets}' ] || exit 8
mkdir '${data}' && echo half >'${data}/state'
[ ! -e '${steering('slow-init')}' ] || sleep "$(cat '${steering('slow-init')}')"
[ ! -e '${steering('fail-init')}' ] || { echo 'the fake engine cannot be initialised'; exit 3; }
echo whole >'${data}/state'`,
    start: ({ data, configuration, sockets }) => ({
      stopSignal: 'TERM',
      script: `! grep -q refused '${configuration}/engine.conf' || exit 5
[ ! -e '${steering('refuse')}' ] || exit "$(cat '${steering('refuse')}')"
read -r state <'${data}/state' && [ "$state" = whole ] || exit 9
cat '${configuration}/engine.conf' >>'${data}/starts'
echo $$ >'${sockets}/up.new' && mv '${sockets}/up.new' '${sockets}/up'
trap 'rm -f "${sockets}/up"; exit 0' TERM
while :; do sleep 0.02; done`,
    }),
    upgrade: ({ data }) => `echo begun >>'${data}/upgrades'
[ ! -e '${steering('fail-upgrade')}' ] || { echo 'the fake engine cannot take it over'; exit 3; }
[ ! -e '${steering('slow-upgrade')}' ] || sleep "$(cat '${steering('slow-upgrade')}')"
echo ended >>'${data}/upgrades'`,
    connect: async (paths, signal) => {
      signal.throwIfAborted()
      if (!isUp(paths) || existsSync(steering('deaf'))) throw new Error('no answer')
      return session(paths)
    },
    logFault: lines => lines.findLast(line => line.includes('cannot')),
  }
}

function isUp({ sockets }: EnginePaths): boolean {
  try {
    const pid = readFileSync(join(sockets, 'up'), 'utf8').trim()
    return /^[0-9]+$/.test(pid) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

const calledOff = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('called off'))))

function session({ data }: EnginePaths): EngineSession {
  const file = (kind: string, name: string) => join(data, `${kind}-${name}`)
  return {
    facts: async () => ({ version: '1.2.3' }),
    // `cold` waits for a restart; what it was configured with is in its data directory. Others than `bad`, `lost` and `hanging` are taken all the same.
    configure: async ({ bad, lost, hanging, ...others }, signal) => {
      writeFileSync(join(data, 'configured'), JSON.stringify(others))
      if (lost !== undefined) throw new Error('the fake engine has gone')
      if (hanging !== undefined) await calledOff(signal)
      const notApplied = bad === undefined ? {} : { notApplied: ['bad: the fake engine does not take it'] }
      return { restartRequired: Object.keys(others).filter(name => name === 'cold'), ...notApplied }
    },
    ensureDatabase: async ({ name }) => {
      if (name === 'taken') throw new TroveError(fault('NameTaken', { kind: 'Database', name, owner: 'somebody else' }))
      writeFileSync(file('database', name), '')
    },
    dropDatabase: async ({ name }) => rmSync(file('database', name), { force: true }),
    ensureUser: async ({ name, access }, password, signal) => {
      if (name === 'hanging') await calledOff(signal)
      for (const { database } of access ?? []) if (!existsSync(file('database', database))) throw new Error(`no database ${database}`)
      writeFileSync(file('user', name), password)
    },
    dropUser: async ({ name }) => rmSync(file('user', name), { force: true }),
    ensureRoot: async password => writeFileSync(file('user', 'root'), password),
    dropRoot: async () => rmSync(file('user', 'root'), { force: true }),
    close: async () => {},
  }
}
