/** The images whose servers are asked, in the Docker engine: loaded from what this repository builds, unless they are there. */
import { must, run } from '../kind/command.ts'
import { ensureImage } from '../kind/images/built-image.ts'
import { postgres15, postgres17 } from '../kind/images/postgres.ts'
import { SetupError } from '../kind/setup-error.ts'
import type { Log } from '../kind/steps.ts'

const recipes = new Map([postgres15, postgres17].map(recipe => [recipe.spec.reference, recipe]))

export async function provideImage(reference: string, log: Log): Promise<void> {
  const present = await run('docker', ['image', 'inspect', reference], { timeoutMs: 10_000 })
  if (present.code === 0) return
  const recipe = recipes.get(reference)
  if (recipe === undefined) throw new SetupError(`the Docker engine has no image ${reference}`, 'run the tests once: they build it')
  const { archive } = await ensureImage(recipe, log)
  await log.step(`load ${reference}`, () => must('docker', ['load', '--quiet', '--input', archive], { timeoutMs: 120_000 }))
}
