import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readVolumeFile } from './volume-file.ts'

let root: string
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'trove-volume-')))
  mkdirSync(join(root, 'data'))
  writeFileSync(join(root, 'data', 'file'), 'text\n')
  symlinkSync(join(root, 'data', 'file'), join(root, 'data', 'link'))
  symlinkSync(join(root, 'data'), join(root, 'elsewhere'))
  execFileSync('mkfifo', [join(root, 'data', 'fifo')])
})
afterAll(() => rmSync(root, { recursive: true }))

test('a regular file is read whole, up to the limit', () => {
  expect(readVolumeFile(join(root, 'data', 'file'), 5)).toBe('text\n')
  expect(() => readVolumeFile(join(root, 'data', 'file'), 4)).toThrow('longer than 4 bytes')
})

test.each([
  ['a link', 'data/link', 'ELOOP'],
  ['a file behind a link to its directory', 'elsewhere/file', 'ENOTDIR'],
  ['a FIFO', 'data/fifo', 'not a regular file'],
  ['a directory', 'data', 'not a regular file'],
  ['nothing', 'data/none', 'ENOENT'],
])('%s is not read', (_, path, why) => expect(() => readVolumeFile(join(root, path), 100)).toThrow(why))
