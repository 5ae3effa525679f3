/**
 * `npm run example-engine [-- --cluster]`: does what docs/guides/adding-an-engine.md says, to the letter, in a copy of this checkout, with the engine
 * that lies in `files`. Nothing else is changed there: an engine that needed more would fail here. Runs the guide's first commands; with --cluster its
 * last as well, which put the engine to the conformance suite on a cluster of the copy's own.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { thisCheckout } from '../kind/names.ts'
import { type Guide, insert, readGuide } from './guide.ts'

const example = 'etcd'
const guideFile = 'docs/guides/adding-an-engine.md'

const root = thisCheckout()
const files = join(import.meta.dirname, 'files')
/** The same at each run, so that a cluster which a run left behind is found by the next. */
const copy = join(tmpdir(), `trove-example-engine-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`)

function copyCheckout(): void {
  if (existsSync(join(copy, '.trove'))) takeClusterDown()
  rmSync(copy, { recursive: true, force: true })
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  for (const file of tracked.split('\0').filter(file => file !== '' && existsSync(join(root, file))))
    cpSync(join(root, file), join(copy, file))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
}

/** Each file lies where the guide says that a new engine has files, and at each such place there is one. */
function layFiles({ places }: Guide): void {
  const laid = readdirSync(files, { recursive: true, encoding: 'utf8' }).filter(file => statSync(join(files, file)).isFile())
  const isAt = (place: string) => (file: string) => (place.endsWith('/') ? file.startsWith(place) : file === place)
  for (const file of laid) {
    if (!places.some(place => isAt(place)(file))) throw new Error(`${guideFile} says nothing of ${file}, which the example has`)
    if (existsSync(join(copy, file))) throw new Error(`the example would replace ${file}: an engine only adds files`)
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(files, file), join(copy, file))
  }
  for (const place of places) if (!laid.some(isAt(place))) throw new Error(`${guideFile} names ${place}, which the example does not have`)
}

function addLines({ insertions }: Guide): void {
  for (const insertion of insertions) {
    const path = join(copy, insertion.file)
    writeFileSync(path, insert(readFileSync(path, 'utf8'), insertion))
    console.log(`  ${insertion.lines.length} line(s) into ${insertion.file}`)
  }
}

function run(command: string): boolean {
  console.log(`  $ ${command}`)
  const env = { ...process.env, PATH: `${join(copy, 'node_modules', '.bin')}:${process.env.PATH}` }
  return spawnSync('sh', ['-c', command], { cwd: copy, env, stdio: 'inherit' }).status === 0
}

const takeClusterDown = () => run('npm run cluster -- --name test down')

function main(args: string[]): number {
  const onCluster = args.includes('--cluster')
  const guide = readGuide(readFileSync(join(root, guideFile), 'utf8'), example)
  const [cheap, conformance, ...more] = guide.commands
  if (cheap === undefined || conformance === undefined || more.length > 0)
    throw new Error(`${guideFile} has ${guide.commands.length} blocks of commands, not one for the machine and one for the cluster`)
  copyCheckout()
  layFiles(guide)
  addLines(guide)
  const failed = (onCluster ? [...cheap, ...conformance] : cheap).find(command => !run(command))
  if (onCluster) takeClusterDown()
  console.log(failed === undefined ? `${example} was added by the guide alone` : `\`${failed}\` failed in ${copy}`)
  if (failed === undefined) rmSync(copy, { recursive: true })
  return failed === undefined ? 0 : 1
}

try {
  process.exitCode = main(process.argv.slice(2))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
