import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { defaults, render } from './configuration.ts'

const self = { name: 'shop', role: 'Writer' } as const
const flavor = { cpuMillis: 250, memoryBytes: 128 * 1024 * 1024 }
const rendered = (parameters: Record<string, string>) =>
  render({ self, members: [self], version: '3.5', flavor, parameters })[0]?.content ?? ''

test('each setting is one of etcd’s variables', () => {
  expect(rendered(defaults({ version: '3.5', flavor }))).toContain("ETCD_QUOTA_BACKEND_BYTES='134217728'\n")
})

test('what Trove owns wins over every layer', () => {
  expect(rendered({ 'bcrypt-cost': '31' }).match(/BCRYPT_COST.*/g)).toEqual(["BCRYPT_COST='4'"])
})

test.each(["'; touch /tmp/x; '", '$(id)', '`id`', '\\', '"', ' a  b ', '$HOME'])('a shell reads %j as it was written', value => {
  const script = `${rendered({ 'auto-compaction-retention': value })}printf %s "$ETCD_AUTO_COMPACTION_RETENTION"`
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(value)
})

test('a name that is none never becomes a line', () => {
  expect(() => rendered({ 'a=b\nPATH': '/' })).toThrow(RangeError)
})
