/**
 * Reads a file of the volume, in which the server's user writes whatever it likes: each step down is a real directory's descriptor
 * (O_DIRECTORY|O_NOFOLLOW), so that no symbolic link leads elsewhere; only a regular file is read, and only so much of it.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants

/** `path` is absolute. Throws if there is no such regular file, or if it is longer than `limit` bytes. */
export function readVolumeFile(path: string, limit: number): string {
  const steps = path.split('/').filter(step => step !== '')
  const name = steps.pop() ?? ''
  let directory = openSync('/', O_RDONLY | O_DIRECTORY)
  try {
    for (const step of steps) {
      const next = openSync(`/proc/self/fd/${directory}/${step}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      closeSync(directory)
      directory = next
    }
    // O_NONBLOCK: a FIFO in its place must not hold us up
    return readRegular(openSync(`/proc/self/fd/${directory}/${name}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), limit)
  } finally {
    closeSync(directory)
  }
}

/** Closes it as well. */
function readRegular(fd: number, limit: number): string {
  try {
    if (!fstatSync(fd).isFile()) throw new Error('not a regular file')
    const bytes = Buffer.alloc(limit + 1)
    let length = 0
    for (let n = -1; n !== 0 && length < bytes.length; length += n) n = readSync(fd, bytes, length, bytes.length - length, null)
    if (length > limit) throw new Error(`longer than ${limit} bytes`)
    return bytes.subarray(0, length).toString('utf8')
  } finally {
    closeSync(fd)
  }
}
