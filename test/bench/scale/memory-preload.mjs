/**
 * Loaded into an operator that is measured: on SIGUSR2 it collects all its garbage, gives the pages back, and says so. Needs --expose-gc.
 * JavaScript, because it is loaded before anything else.
 */
process.on('SIGUSR2', async () => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  process.stderr.write('collected\n')
})
