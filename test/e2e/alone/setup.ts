/** Once for all of the tests here: what is compiled from its source where it never was before takes minutes, and no test's time runs meanwhile. */
import { kustomizeController } from '../../kind/binaries.ts'
import { stepLog } from '../../kind/steps.ts'

export async function setup(): Promise<void> {
  await kustomizeController(stepLog())
}
