import { expect, test } from 'vitest'
import { decideStop, type ObservedEngine } from './engine-ownership.ts'

const ours: ObservedEngine = {
  answers: true,
  note: { pid: 41, startedAt: '900', startedBy: '/home/ann/trove' },
  startOfNotedPid: '900',
  containers: [],
  users: [],
}

test.each([
  ['an engine that we started and that is empty is stopped', ours, { do: 'stop', pid: 41 }],
  [
    'another clone’s cluster keeps it running',
    { ...ours, containers: ['trove-0a-demo-control-plane'] },
    { do: 'keep', because: expect.stringContaining('trove-0a-demo') },
  ],
  [
    'another clone that is only about to make its cluster keeps it running too',
    { ...ours, users: [4711] },
    { do: 'keep', because: expect.stringContaining('4711') },
  ],
  [
    'an engine that was there before is kept',
    { ...ours, note: undefined },
    { do: 'keep', because: expect.stringContaining('did not start') },
  ],
  ['a pid that now means another process is never signalled', { ...ours, startOfNotedPid: '77' }, { do: 'keep' }],
  ['a note about an engine that died is forgotten', { ...ours, answers: false, startOfNotedPid: undefined }, { do: 'forget' }],
  ['one that hangs is left alone', { ...ours, answers: false }, { do: 'keep' }],
  ['no engine and no note need nothing', { ...ours, answers: false, note: undefined, startOfNotedPid: undefined }, { do: 'nothing' }],
])('%s', (_, engine, decision) => expect(decideStop(engine)).toMatchObject(decision))
