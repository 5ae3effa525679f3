/**
 * `npm run build`: bundles the operator and the agent, with everything that they need from node_modules, so that the image holds Node, two
 * programs and the launcher. The agent's engines are files of their own, of which it loads one. Source maps are written beside them and stay out
 * of the image. Beside them comes `kubectl-trove`, for people's own machines.
 */
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

/** What the image takes from where `bundle` has written. The launcher is a file beside the operator, which reads it when it starts. */
export const programsIn = (out: string): string[] =>
  readdirSync(out)
    .filter(name => name.endsWith('.mjs') || name === 'launcher.sh')
    .sort()

/** Dependencies in CommonJS require Node's own modules at run time, which an ES module has no function for. */
const requireOfModules = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** `root` holds `src`; `out` is made if missing. In a pod nothing reads a kubeconfig, so its reader stays out, unless a file is given that takes its place. */
export async function bundle(root: string, out: string, o: { kubeconfigReader?: string } = {}): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string }
  await build({
    absWorkingDir: root,
    entryPoints: { operator: 'src/operator/main.ts', guest: 'src/guest/agent/main.ts' },
    outdir: out,
    splitting: true,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: 'external',
    charset: 'utf8',
    logLevel: 'error',
    ...(o.kubeconfigReader === undefined
      ? { external: ['@kubernetes/client-node'] }
      : { alias: { '@kubernetes/client-node': o.kubeconfigReader } }),
    define: { 'process.env.TROVE_VERSION': JSON.stringify(version) },
    banner: { js: requireOfModules },
  })
  copyFileSync(join(root, 'src/engines/launcher.sh'), join(out, 'launcher.sh'))
}

const askForNode22 = `if (Number.parseInt(process.versions.node) < 22) {
  process.stderr.write(\`error: kubectl-trove needs Node 22 or newer, and the node on PATH is \${process.versions.node}\\n\`)
  process.exit(1)
}`

/** The plugin of kubectl, as one file that runs wherever Node is. */
export async function bundlePlugin(root: string, out: string): Promise<void> {
  const file = join(out, 'kubectl-trove')
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    charset: 'utf8',
    logLevel: 'error',
    banner: { js: `#!/usr/bin/env node\n${askForNode22}\n${requireOfModules}` },
  })
  chmodSync(file, 0o755)
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const out = join(root, 'dist')
  rmSync(out, { recursive: true, force: true })
  await bundle(root, out)
  await bundlePlugin(root, out)
}
