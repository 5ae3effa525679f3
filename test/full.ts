/** Whether the long variants are asked for (`npm run test:full`). The one place that reads it; test/all.ts sets it. */
export const fullVariable = 'TROVE_TEST_FULL'
export const full = process.env[fullVariable] === '1'
