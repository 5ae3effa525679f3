import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Directory } from './directory.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trove-'))
  mkdirSync(join(root, 'ours'))
  mkdirSync(join(root, 'victim'))
  writeFileSync(join(root, 'victim', 'file'), 'precious\n')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))
const victim = () => readFileSync(join(root, 'victim', 'file'), 'utf8')

test.each(['', '.', '..', 'a/b', '/etc', 'a\0b'])('%j is the name of no entry', name => {
  using ours = Directory.open(join(root, 'ours'))
  for (const act of [
    () => ours.enter(name),
    () => ours.line(name),
    () => ours.create(name, ''),
    () => ours.remove(name),
    () => ours.look(name),
  ]) {
    expect(act).toThrow('not the name')
  }
})

test('links are entered, read, written and followed nowhere', () => {
  symlinkSync(join(root, 'victim'), join(root, 'ours', 'link'))
  symlinkSync(join(root, 'victim', 'file'), join(root, 'ours', 'file'))
  using ours = Directory.open(join(root, 'ours'))
  expect(() => ours.enter('link')).toThrow()
  expect(() => ours.ensureDirectory('link')).toThrow()
  expect(ours.line('file')).toBeUndefined()
  expect(() => ours.create('file', 'overwritten')).toThrow('EEXIST')
  expect(ours.look('link')?.directory).toBe(false)
  ours.replace('file', 'ours\n')
  expect(ours.line('file')).toBe('ours')
  ours.remove('link')
  expect(victim()).toBe('precious\n')
})

test('removing a tree removes links and not what they point at', () => {
  mkdirSync(join(root, 'ours', 'tree', 'deep'), { recursive: true })
  symlinkSync(join(root, 'victim'), join(root, 'ours', 'tree', 'deep', 'link'))
  using ours = Directory.open(join(root, 'ours'))
  ours.remove('tree')
  expect(readdirSync(join(root, 'ours'))).toEqual([])
  expect(victim()).toBe('precious\n')
})

test('a directory that is swapped for a link after it was entered stays the one that was entered', () => {
  mkdirSync(join(root, 'ours', 'job'))
  using ours = Directory.open(join(root, 'ours'))
  using job = ours.enter('job')
  renameSync(join(root, 'ours', 'job'), join(root, 'ours', 'moved'))
  symlinkSync(join(root, 'victim'), join(root, 'ours', 'job'))
  job.replace('file', 'written\n')
  expect(victim()).toBe('precious\n')
  expect(readFileSync(join(root, 'ours', 'moved', 'file'), 'utf8')).toBe('written\n')
})

test.each([
  ['a line', 'text\n', 'text'],
  ['half a line', 'text', undefined],
  ['two lines', 'text\nmore\n', undefined],
  ['an empty file', '', undefined],
  ['too long a line', `${'x'.repeat(300)}\n`, undefined],
])('%s', (_, text, line) => {
  writeFileSync(join(root, 'ours', 'f'), text)
  using ours = Directory.open(join(root, 'ours'))
  expect(ours.line('f')).toBe(line)
})

test('a tree deeper than ours ever are is an error, not an exhaustion', () => {
  mkdirSync(join(root, 'ours', ...Array<string>(70).fill('d')), { recursive: true })
  using ours = Directory.open(join(root, 'ours'))
  expect(() => ours.remove('d')).toThrow('within one another')
})

test('a directory knows when it was removed', () => {
  mkdirSync(join(root, 'ours', 'job'))
  using ours = Directory.open(join(root, 'ours'))
  using job = ours.enter('job')
  expect(job.removed).toBe(false)
  ours.remove('job')
  expect(job.removed).toBe(true)
  expect(existsSync(join(root, 'ours', 'job'))).toBe(false)
})
