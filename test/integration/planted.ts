/** Copies of the operator's source with a deliberate bug in them. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `file`, from the project's root, must hold `from` exactly once: a bug that can no longer be planted is an error, never an unchanged copy. */
export interface Planted {
  file: string
  from: string
  to: string
}

const root = join(import.meta.dirname, '../..')

/** A checkout as far as an operator needs one. */
export async function plant(changes: readonly Planted[]): Promise<{ checkout: string; remove(): Promise<void> }> {
  const checkout = await mkdtemp(join(tmpdir(), 'planted-'))
  const remove = () => rm(checkout, { recursive: true, force: true })
  try {
    await cp(join(root, 'src'), join(checkout, 'src'), { recursive: true })
    await cp(join(root, 'package.json'), join(checkout, 'package.json'))
    await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'))
    for (const { file, from, to } of changes) {
      const text = await readFile(join(checkout, file), 'utf8')
      if (text.split(from).length !== 2) throw new Error(`${file} no longer contains exactly once: ${from}`)
      await writeFile(
        join(checkout, file),
        text.replace(from, () => to),
      )
    }
    return { checkout, remove }
  } catch (error) {
    await remove()
    throw error
  }
}
