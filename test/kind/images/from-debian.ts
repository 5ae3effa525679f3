/**
 * Engine images in the shape of the official ones, from Debian's packages: the engine's programs on PATH, its user with uid and gid 999, no
 * server made or started at install. What the official images' entrypoint does is not in them, nor what only their builds switch on.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { buildRootfs, packageVersion, type Rootfs, rootfsInputs } from '../rootfs.ts'
import { SetupError } from '../setup-error.ts'
import type { ImageRecipe } from './built-image.ts'

export interface DebianEngine {
  /** As in the official image's name; the reference is "trove.local/<name>:<version>". */
  name: string
  version: string
  suite: Rootfs['suite']
  /** The first one is the server's, whose version must be the one that the tag promises. */
  packages: [string, ...string[]]
  account: { name: string; home: string; comment?: string }
  /** Shell lines as in Rootfs. */
  early?: string[]
  late: string[]
  env?: Record<string, string>
  cmd: string[]
  workingDir?: string
}

export function fromDebian(engine: DebianEngine): ImageRecipe {
  const { name, version, suite, packages, account, env, cmd, workingDir } = engine
  const reference = `trove.local/${name}:${version}`
  const rootfs: Rootfs = {
    name: `${name}-${version}`,
    suite,
    packages,
    early: [...accountLines(account), ...(engine.early ?? [])],
    late: engine.late,
    keepsRun: true,
  }
  return {
    name: rootfs.name,
    spec: { reference, cmd, ...(env !== undefined && { env }), ...(workingDir !== undefined && { workingDir }) },
    inputs: rootfsInputs(rootfs),
    async writeLayer(out) {
      mkdirSync(dirname(out), { recursive: true })
      await buildRootfs(rootfs, out)
      const found = await packageVersion(out, packages[0])
      if (!isOfSeries(found, version)) {
        throw new SetupError(
          `${reference} cannot be built: Debian ${suite} has ${packages[0]} ${found} now`,
          `offer the version that ${suite} has: in test/kind/images, deploy/catalog and deploy/catalog-debian`,
        )
      }
    },
  }
}

/** Debian's packages take the user as they find it; left alone they would choose the next free uid. */
function accountLines({ name, home, comment = name }: DebianEngine['account']): string[] {
  return [
    `echo ${name}:x:999: >> "$1/etc/group"`,
    `echo ${name}:x:999:999:${comment}:${home}:/bin/bash >> "$1/etc/passwd"`,
    `echo '${name}:*:20000:0:99999:7:::' >> "$1/etc/shadow"`,
  ]
}

/** Whether a package's version, "1:10.11.18-0+deb12u1", is of the series "10.11". The epoch is Debian's own. */
export function isOfSeries(packageVersion: string, series: string): boolean {
  const upstream = packageVersion.replace(/^\d+:/, '')
  return upstream.startsWith(series) && !/^\d/.test(upstream.slice(series.length))
}
