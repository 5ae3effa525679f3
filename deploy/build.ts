/**
 * `npm run build`: bundles the operator and the agent into one file each, with everything that they need from node_modules, so that the image
 * holds Node, two programs and the launcher. Source maps are written beside them and stay out of the image.
 */
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

/** What the image holds. The launcher is a file beside the operator, which reads it when it starts. */
export const programs = ['operator.mjs', 'guest.mjs', 'launcher.sh'] as const

/** `root` holds `src`; `out` is made if missing. In a pod nothing reads a kubeconfig, so its reader stays out, unless a file is given that takes its place. */
export async function bundle(root: string, out: string, o: { kubeconfigReader?: string } = {}): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string }
  await build({
    absWorkingDir: root,
    entryPoints: { operator: 'src/operator/main.ts', guest: 'src/guest/agent/main.ts' },
    outdir: out,
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
    // Dependencies in CommonJS require Node's own modules at run time, which an ES module has no function for.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  copyFileSync(join(root, 'src/engines/launcher.sh'), join(out, 'launcher.sh'))
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  await bundle(root, join(root, 'dist'))
}
