import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cacheRoot, contentKey, ensurePart, partPath } from './cache.ts'
import type { Log } from './steps.ts'

const quiet: Log = { step: (_, work) => work(), note: () => {} }
const work = mkdtempSync(join(tmpdir(), 'cache-'))
afterAll(() => rmSync(work, { recursive: true }))
const newRoot = () => mkdtempSync(join(work, 'one-'))

test('the key follows the inputs and nothing else', () => {
  expect(contentKey({ a: 1, b: ['x'] })).toMatch(/^[0-9a-f]{12}$/)
  expect(contentKey({ a: 1, b: ['x'] })).toBe(contentKey({ b: ['x'], a: 1 }))
  expect(contentKey({ a: 1, b: ['x'] })).not.toBe(contentKey({ a: 1, b: ['y'] }))
  expect(contentKey(['a', 'b'])).not.toBe(contentKey(['b', 'a']))
  expect(contentKey('1')).not.toBe(contentKey(1))
})

test('the cache is in XDG_CACHE_HOME if that is set', () => {
  expect(cacheRoot({ XDG_CACHE_HOME: '/x' })).toBe('/x/trove-on-kubernetes')
  expect(cacheRoot({})).toMatch(/\.cache\/trove-on-kubernetes$/)
})

test('a part is built once, however many ask at once', async () => {
  const root = newRoot()
  let built = 0
  const part = {
    name: 'p',
    title: 'p',
    inputs: 1,
    build: async (dir: string) => {
      built++
      writeFileSync(join(dir, 'f'), 'content')
    },
  }
  const paths = await Promise.all([ensurePart(part, quiet, root), ensurePart(part, quiet, root), ensurePart(part, quiet, root)])
  expect(new Set(paths).size).toBe(1)
  expect(readFileSync(join(paths[0]!, 'f'), 'utf8')).toBe('content')
  expect(built).toBe(1)
})

test('a build that fails leaves nothing, and the next one starts anew', async () => {
  const root = newRoot()
  const recipe = { name: 'p', title: 'p', inputs: 1 }
  const failing = {
    ...recipe,
    build: async (dir: string) => {
      writeFileSync(join(dir, 'half'), '')
      throw new Error('no disk')
    },
  }
  await expect(ensurePart(failing, quiet, root)).rejects.toThrow('no disk')
  expect(readdirSync(root)).toEqual([])
  const path = await ensurePart({ ...recipe, build: async () => {} }, quiet, root)
  expect(readdirSync(path)).toEqual([])
})

test('what a killed build left behind is neither used nor kept', async () => {
  const root = newRoot()
  const path = partPath({ name: 'p', inputs: 1 }, root)
  const left = join(root, `.${basename(path)}.killed`)
  const another = join(root, `.${basename(partPath({ name: 'p', inputs: 2 }, root))}.underway`)
  mkdirSync(left)
  mkdirSync(another)
  expect(await ensurePart({ name: 'p', title: 'p', inputs: 1, build: async () => {} }, quiet, root)).toBe(path)
  expect(readdirSync(path)).toEqual([])
  expect(existsSync(left)).toBe(false)
  expect(existsSync(another)).toBe(true)
})
