/**
 * `npm run build`: bundles the operator and the agent into one file each, with everything that they need from node_modules, so that the image
 * holds Node and two files. Source maps are written beside them and stay out of the image.
 */
import { join } from 'node:path'
import { build } from 'esbuild'

export const programs = ['operator.mjs', 'guest.mjs'] as const

/** `root` holds `src`; `out` is made if missing. */
export async function bundle(root: string, out: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: { operator: 'src/operator/main.ts', guest: 'src/guest/main.ts' },
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: 'external',
    charset: 'utf8',
    logLevel: 'error',
    loader: { '.sh': 'text', '.sql': 'text', '.json': 'json' },
    // Dependencies in CommonJS require Node's own modules at run time, which an ES module has no function for.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  await bundle(root, join(root, 'dist'))
}
