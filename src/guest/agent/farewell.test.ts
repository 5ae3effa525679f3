import { expect, test } from 'vitest'
import { takeLeave } from './farewell.ts'

const hangs = () => new Promise<never>(() => {})

/** What happens in which order when an agent takes leave, whose last words and whose end are as given. */
async function leave(farewell: () => Promise<void>, end: () => Promise<void> = async () => {}, farewellMs = 50) {
  const heard: string[] = []
  const ending = new AbortController()
  const { promise: aborted, resolve } = Promise.withResolvers<void>()
  ending.signal.addEventListener('abort', () => {
    heard.push('called off')
    resolve()
  })
  const running = aborted.then(end).then(() => heard.push('ended'))
  const last = async () => {
    await farewell()
    heard.push(ending.signal.aborted ? 'too late' : 'last words')
  }
  await takeLeave({ farewell: last }, running, ending, farewellMs)
  return heard
}

test('the last words are said before anything is called off, and what runs is given time to end', async () => {
  expect(await leave(async () => {}, undefined, 10_000)).toEqual(['last words', 'called off', 'ended'])
})

test.each([
  ['last words that hang', hangs, undefined, ['called off', 'ended']],
  ['last words that fail', () => Promise.reject(new Error('no')), undefined, ['called off', 'ended']],
  ['what does not end', async () => {}, hangs, ['last words', 'called off']],
  ['what ends badly', async () => {}, () => Promise.reject(new Error('no')), ['last words', 'called off']],
])('%s keep no agent from ending', async (_, farewell, end, heard) => {
  expect(await leave(farewell, end)).toEqual(heard)
})
