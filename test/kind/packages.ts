/** Debian packages: installs what is missing, never more, and touches nothing if all is there. */
import { join } from 'node:path'
import { cacheRoot } from './cache.ts'
import { must, onPath, run } from './command.ts'
import { withLock } from './lock.ts'
import { SetupError } from './setup-error.ts'
import type { Log } from './steps.ts'

export async function ensurePackages(names: readonly string[], log: Log): Promise<void> {
  const missing = await missingPackages(names)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || onPath('apt-get') === undefined) {
    throw new SetupError(`these Debian packages are missing: ${missing.join(' ')}`, `apt-get install ${missing.join(' ')}`)
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await log.step(`install Debian packages: ${missing.join(' ')}`, () =>
    // apt-get does not wait for another of its kind.
    withLock(join(cacheRoot(), 'packages.lock'), async () => {
      await must('apt-get', ['update', '-qq'], { env })
      await must('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env })
    }),
  )
}

async function missingPackages(names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return []
  if (onPath('dpkg-query') === undefined) return [...names]
  // A package that dpkg has never heard of makes the exit code 1; the others are listed all the same.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const { stdout } = await run('dpkg-query', ['--show', '--showformat=${Package} ${db:Status-Status}\n', ...names])
  const installed = new Set(
    stdout
      .split('\n')
      .filter(line => line.endsWith(' installed'))
      .map(line => line.split(' ')[0]),
  )
  return names.filter(name => !installed.has(name))
}
