import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lookAtVolume } from './volume.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trove-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const look = () => lookAtVolume(root, 'postgresql')
const home = (...names: string[]) => join(root, 'postgresql', ...names)
const marker = { engine: 'postgresql', version: '17', instanceUID: 'i1' }

test('a new file system is empty, with what file systems put there and what an initialisation left', () => {
  mkdirSync(join(root, 'lost+found'))
  mkdirSync(join(root, 'postgresql.init', 'data'), { recursive: true })
  expect(look()).toEqual({ kind: 'empty' })
})

test('a marker is read', () => {
  mkdirSync(home())
  writeFileSync(home('marker'), `${JSON.stringify({ ...marker, more: 'than we know' })}\n`)
  expect(look()).toEqual({ kind: 'initialised', marker })
})

test.each([
  ['none', undefined],
  ['an empty one', ''],
  ['half of one', JSON.stringify(marker)],
  ['no JSON', 'postgresql 17\n'],
  ['JSON of another shape', '["postgresql"]\n'],
  ['null', 'null\n'],
  ['a field of another type', `${JSON.stringify({ ...marker, version: 17 })}\n`],
  ['a field too long', `${JSON.stringify({ ...marker, version: '1'.repeat(65) })}\n`],
  ['a file too long', `${JSON.stringify({ ...marker, padding: 'x'.repeat(2000) })}\n`],
])('data with a marker that is no marker (%s) is unmarked', (_, text) => {
  mkdirSync(home())
  if (text !== undefined) writeFileSync(home('marker'), text)
  expect(look()).toEqual({ kind: 'unmarked' })
})

test('a marker that is a link, a directory or a FIFO is none', () => {
  mkdirSync(home())
  writeFileSync(join(root, 'elsewhere'), `${JSON.stringify(marker)}\n`)
  symlinkSync(join(root, 'elsewhere'), home('marker'))
  expect(look()).toEqual({ kind: 'unmarked' })
  rmSync(home('marker'))
  mkdirSync(home('marker'))
  expect(look()).toEqual({ kind: 'unmarked' })
  rmSync(home('marker'), { recursive: true })
  spawnSync('mkfifo', [home('marker')])
  expect(look()).toEqual({ kind: 'unmarked' })
})

test('a link or a file in the place of the data is unmarked, and so never initialised over', () => {
  mkdirSync(join(root, 'elsewhere'))
  writeFileSync(join(root, 'elsewhere', 'marker'), `${JSON.stringify(marker)}\n`)
  symlinkSync(join(root, 'elsewhere'), home())
  expect(look()).toEqual({ kind: 'unmarked' })
  rmSync(home())
  symlinkSync('/nowhere', home())
  expect(look()).toEqual({ kind: 'unmarked' })
  rmSync(home())
  writeFileSync(home(), '')
  expect(look()).toEqual({ kind: 'unmarked' })
})

test('a volume that is not there cannot be written', () => {
  expect(lookAtVolume(join(root, 'nowhere'), 'postgresql')).toEqual({ kind: 'unwritable', why: 'it is not mounted' })
})
