/** Root file systems of a few programs of this machine and the shared libraries that they load: no package manager, nothing else inside. */
import { chmodSync, copyFileSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../command.ts'

export async function addProgram(root: string, program: string, path: string): Promise<void> {
  addFile(root, program, path)
  for (const library of await sharedLibraries(program)) addFile(root, library, library)
}

export async function sharedLibraries(program: string): Promise<string[]> {
  // A static program makes ldd exit with 1, and has none.
  const { stdout } = await run('ldd', [program])
  return stdout.split('\n').flatMap(line => /(?:=> |^\s+)(\/\S+) \(0x/.exec(line)?.[1] ?? [])
}

function addFile(root: string, file: string, path: string): void {
  const target = join(root, path)
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(realpathSync(file), target)
  chmodSync(target, 0o755)
}

/** What any program may expect: accounts, name lookup, a place for temporary files. */
export function addSkeleton(root: string): void {
  mkdirSync(join(root, 'etc'), { recursive: true })
  const users = [
    'root:x:0:0:root:/root:/sbin/nologin',
    'nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin',
    'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin',
  ]
  writeFileSync(join(root, 'etc', 'passwd'), `${users.join('\n')}\n`)
  writeFileSync(join(root, 'etc', 'group'), 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n')
  writeFileSync(join(root, 'etc', 'nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n')
  mkdirSync(join(root, 'home', 'nonroot'), { recursive: true })
  mkdirSync(join(root, 'tmp'))
  chmodSync(join(root, 'tmp'), 0o1777)
}
