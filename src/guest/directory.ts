/**
 * A directory in which somebody hostile writes too: everything under /trove and /data is written by the engine's user. Each step down is a
 * file descriptor of a real directory (O_DIRECTORY|O_NOFOLLOW) and all work goes through /proc/self/fd, so that no symbolic link can lead
 * elsewhere, whenever it is put there. What is read is bounded, and only ever a regular file.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  readSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants

/** No tree of ours is deeper. */
const deepest = 64

export class Directory implements Disposable {
  readonly #fd: number

  private constructor(fd: number) {
    this.#fd = fd
  }

  /** A mount point, named by us. Everything below it is reached by `enter`. */
  static open(path: string): Directory {
    return new Directory(openSync(path, O_RDONLY | O_DIRECTORY))
  }

  /** Throws ENOENT, or ENOTDIR or ELOOP for what is no real directory. */
  enter(name: string): Directory {
    return new Directory(openSync(this.#at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
  }

  /** Names of what is in it, at most `limit` of them. */
  names(limit: number): string[] {
    const names: string[] = []
    const listing = opendirSync(this.path)
    try {
      for (let entry = listing.readSync(); entry !== null && names.length < limit; entry = listing.readSync()) names.push(entry.name)
    } finally {
      listing.closeSync()
    }
    return names
  }

  /** What bears the name, whatever it is; undefined if nothing does. Its time is what its owner likes, and may be none that a Date can hold. */
  look(name: string): { directory: boolean; modifiedAt: Date | undefined } | undefined {
    try {
      const stat = lstatSync(this.#at(name))
      return { directory: stat.isDirectory(), modifiedAt: Number.isNaN(stat.mtimeMs) || Number.isNaN(+stat.mtime) ? undefined : stat.mtime }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  /** The file's text; undefined if there is no such regular file or it is longer than `limit` bytes. */
  read(name: string, limit: number): string | undefined {
    const bytes = this.readStart(name, limit + 1)
    return bytes === undefined || bytes.length > limit ? undefined : bytes.toString('utf8')
  }

  /** The first `limit` bytes of the file; undefined if there is no such regular file. O_NONBLOCK: a FIFO in its place must not hold us up. */
  readStart(name: string, limit: number): Buffer | undefined {
    let fd: number
    try {
      fd = openSync(this.#at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    } catch (error) {
      if (['ENOENT', 'ELOOP', 'ENXIO', 'EACCES'].includes(codeOf(error))) return undefined
      throw error
    }
    try {
      if (!fstatSync(fd).isFile()) return undefined
      const bytes = Buffer.alloc(limit)
      let length = 0
      for (let n = -1; n !== 0 && length < limit; length += n) n = readSync(fd, bytes, length, limit - length, null)
      return bytes.subarray(0, length)
    } finally {
      closeSync(fd)
    }
  }

  /** A line that is complete: publishing is done by rename, but not by everybody who can write here. */
  line(name: string, limit = 256): string | undefined {
    const text = this.read(name, limit)
    return text?.endsWith('\n') && text.indexOf('\n') === text.length - 1 ? text.slice(0, -1) : undefined
  }

  /** A new file; throws EEXIST rather than write into what is there. */
  create(name: string, text: string, mode = 0o660): void {
    const fd = openSync(this.#at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
    try {
      writeFileSync(fd, text)
    } finally {
      closeSync(fd)
    }
  }

  /** Publishes a file whole, in place of whatever bore the name. */
  replace(name: string, text: string): void {
    this.remove(`${name}.tmp`)
    this.create(`${name}.tmp`, text)
    this.rename(`${name}.tmp`, name)
  }

  makeDirectory(name: string, mode = 0o770): Directory {
    mkdirSync(this.#at(name), { mode })
    return this.enter(name)
  }

  /** The directory of that name, made if it is not there. */
  ensureDirectory(name: string, mode = 0o770): Directory {
    try {
      return this.makeDirectory(name, mode)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      return this.enter(name)
    }
  }

  rename(from: string, to: string): void {
    renameSync(this.#at(from), this.#at(to))
  }

  /** Removes a file, or a directory with all that is in it. Nothing there is fine. */
  remove(name: string, depth = 0): void {
    if (depth > deepest) throw new Error(`more than ${deepest} directories within one another`)
    try {
      unlinkSync(this.#at(name))
      return
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return
      if (codeOf(error) !== 'EISDIR' && codeOf(error) !== 'EPERM') throw error
    }
    {
      using inside = this.enter(name)
      for (const entry of inside.names(Number.POSITIVE_INFINITY)) inside.remove(entry, depth + 1)
    }
    rmdirSync(this.#at(name))
  }

  /** One byte into a FIFO, if somebody reads it and there is room. */
  ring(name: string): void {
    let fd: number | undefined
    try {
      fd = openSync(this.#at(name), O_WRONLY | O_NONBLOCK | O_NOFOLLOW)
      writeSync(fd, '\n')
    } catch (error) {
      if (!['ENOENT', 'ENXIO', 'EAGAIN', 'ELOOP', 'EACCES', 'EPIPE'].includes(codeOf(error))) throw error
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }

  /** Whether it has been removed while we held it. */
  get removed(): boolean {
    return fstatSync(this.#fd).nlink === 0
  }

  /** For what takes only paths (watch, statfs). Good for this process, as long as the directory is held. */
  get path(): string {
    return `/proc/self/fd/${this.#fd}`
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }

  #at(name: string): string {
    if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
      throw new Error(`not the name of a directory entry: ${JSON.stringify(name)}`)
    }
    return `${this.path}/${name}`
  }
}

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? ''
