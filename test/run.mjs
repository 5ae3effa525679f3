/**
 * Runs a TypeScript file of this checkout: `node test/run.mjs SCRIPT.ts ARGS…`. Plain JavaScript for Node 20 and no dependencies, because
 * it is what installs them: `npm ci` if node_modules does not match package-lock.json, then the pinned Node takes over.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

function fail(message) {
  console.error(message)
  process.exit(1)
}

/** The lock file's hash is noted in node_modules once an install has ended well: one that was interrupted is done again. */
function install() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const marker = join(root, 'node_modules', '.installed-for-lock')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock) return
  console.log('  … npm ci')
  const started = performance.now()
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  if (npm.error?.code === 'ENOENT') fail('npm is not on PATH.\n→ install Node 20 or newer together with npm (https://nodejs.org)')
  if (npm.status !== 0) fail(`npm ci failed:\n${npm.stderr.trim().split('\n').slice(0, 20).join('\n')}`)
  writeFileSync(marker, lock)
  console.log(`  ✓ npm ci (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}

const [script, ...args] = process.argv.slice(2)
const major = Number(process.versions.node.split('.')[0])
if (major < 20) fail(`this is Node ${process.versions.node}.\n→ install Node 20 or newer (https://nodejs.org)`)
if (script === undefined) fail('usage: node test/run.mjs SCRIPT.ts ARGS…')
install()

const child = spawn(join(root, 'node_modules', '.bin', 'node'), [join(root, script), ...args], { stdio: 'inherit' })
child.on('error', error => fail(`the pinned Node cannot be run: ${error.message}\n→ remove node_modules and try again`))
// A signal from a terminal reaches the whole process group by itself; one sent to this process alone does not.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
