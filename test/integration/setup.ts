/** Before the first integration test: what may have to be built or installed once is there, so that no test's own time limit pays for it. */
import { kubeBinaries } from '../kind/binaries.ts'
import { programs } from './postgresql/server.ts'
import { serverProgram } from './redis/server.ts'

export async function setup(): Promise<void> {
  await kubeBinaries()
  await programs()
  await serverProgram()
}
