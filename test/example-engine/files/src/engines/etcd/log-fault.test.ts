import { expect, test } from 'vitest'
import { logFault } from './log-fault.ts'

const info =
  '{"level":"info","ts":"2026-11-29T16:11:00.245212Z","caller":"etcdmain/main.go:50","msg":"successfully notified init daemon","error":"x"}'
const warning =
  '{"level":"warn","ts":"2026-11-29T16:10:59.046242Z","caller":"auth/store.go:1241","msg":"simple token is not cryptographically signed"}'

/** As etcd 3.5.16 has them. */
test.each([
  [
    'settings that it does not take',
    '{"level":"warn","ts":"2026-11-29T16:00:08.245935Z","caller":"etcdmain/etcd.go:75","msg":"failed to verify flags","error":"--election-timeout[50ms] should be at least as 5 times as --heartbeat-interval[100ms]"}',
    'failed to verify flags: --election-timeout[50ms] should be at least as 5 times as --heartbeat-interval[100ms]',
  ],
  [
    'a log that is damaged',
    '{"level":"fatal","ts":"2026-11-29T16:10:29.380309Z","caller":"etcdmain/etcd.go:204","msg":"discovery failed","error":"walpb: crc mismatch","stacktrace":"go.etcd.io/etcd"}',
    'discovery failed: walpb: crc mismatch',
  ],
  [
    'a full volume',
    '{"level":"fatal","ts":"2026-11-29T16:10:39.368444Z","caller":"backend/batch_tx.go:282","msg":"failed to commit tx","error":"write /data/etcd/data/store/member/snap/db: no space left on device"}',
    'failed to commit tx: write /data/etcd/data/store/member/snap/db: no space left on device',
  ],
  ['a panic of Go', 'panic: unrecognized level: "nix"', 'panic: unrecognized level: "nix"'],
])('%s is told', (_, line, told) => expect(logFault([info, warning, line, 'goroutine 1 [running]:', info])).toBe(told))

test('what is in order is not told, nor is what only looks like a line of etcd', () => {
  expect(logFault([info, warning, '', 'null', '[]', '{"level":"fatal"}', '{"level":"fatal","msg":{}}', '{'])).toBeUndefined()
})

test('what is told has a bound', () => {
  expect(logFault([`panic: ${'x'.repeat(100_000)}`])).toHaveLength(1024)
})
