import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { expect, test } from 'vitest'
import { fault } from './errors.ts'
import { type FaultCode, faults } from './faults.ts'

const root = join(import.meta.dirname, '..')
/** What a test does, without its comments and types: neither of them provokes anything. */
const code = (source: string) => transformSync(source, { loader: 'ts', minifyWhitespace: true, legalComments: 'none' }).code
const tests = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts') && join(root, folder, name) !== import.meta.filename)
    .map(name => code(readFileSync(join(root, folder, name), 'utf8')))
    .join('\n')
const tiers = { unit: tests('src'), integration: tests('test/integration'), e2e: tests('test/e2e') }

test.each(Object.entries(faults))('%s is named by a test in the tier that the docs state', (name, entry) => {
  expect(tiers[entry.provokedIn]).toMatch(new RegExp(`\\b${name}\\b`))
})

test.each(Object.entries(faults))('%s says what to do, without a full stop of its own', (_, entry) => {
  expect(entry.advice.length).toBeGreaterThan(15)
  expect(entry.advice).not.toMatch(/\.$/)
})

test('a message is bounded and carries no control characters', () => {
  const { message } = fault('EngineStartFailed', { log: `\u001b[31mFATAL\n${'x'.repeat(5000)}` })
  expect(message.length).toBeLessThanOrEqual(1000)
  expect(message).not.toMatch(/\p{Cc}/u)
})

test('every code is a CamelCase word, fit for a condition’s reason', () => {
  for (const code of Object.keys(faults) as FaultCode[]) expect(code).toMatch(/^[A-Z][A-Za-z]+$/)
})
