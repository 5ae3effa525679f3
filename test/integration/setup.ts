/** Before the first integration test: what may have to be built or installed once is there, so that no test's own time limit pays for it. */
import { kubeBinaries } from '../kind/binaries.ts'
import { dockerImage } from '../kind/images.ts'
import { stepLog } from '../kind/steps.ts'
import { servers } from './mysql/servers.ts'
import { programs } from './postgresql/server.ts'
import { serverProgram } from './redis/server.ts'

export async function setup(): Promise<void> {
  await kubeBinaries()
  await programs()
  for (const { of } of servers) await dockerImage(of, stepLog())
  await serverProgram()
}
