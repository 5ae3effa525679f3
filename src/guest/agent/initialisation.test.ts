import { expect, test } from 'vitest'
import { initialisationFailure } from './initialisation.ts'

const engine = { logFault: (lines: readonly string[]) => lines.find(line => line.startsWith('FATAL')) }
const roomy = { percent: 10, full: false }

test.each([
  ['the lock is held', 75, '', roomy, 'VolumeBusy', '/lock'],
  ['the root cannot be written', 73, 'sh: cannot create /lock: Permission denied\n', roomy, 'VolumeNotWritable', 'Permission denied'],
  ['there is no space, as the tool says', 1, 'initdb: could not write: No space left on device\n', roomy, 'VolumeFull', '10 % used'],
  ['there is no space, as the file system says', 1, 'initdb: error\n', { percent: 100, full: true }, 'VolumeFull', '100 % used'],
  ['the engine has words for it', 1, 'creating\nFATAL: it is so\nremoving\n', roomy, 'InitialiseFailed', 'FATAL: it is so'],
  ['otherwise its last lines', 1, 'a\nb\nc\nd\n', roomy, 'InitialiseFailed', 'b; c; d'],
  ['or its status', 3, '', roomy, 'InitialiseFailed', 'status 3'],
])('%s', (_, exit, output, use, code, says) => {
  const failure = initialisationFailure(exit, output, engine, '/lock', use)
  expect(failure.code).toBe(code)
  expect(failure.message).toContain(says)
})
