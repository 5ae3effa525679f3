/** Every workload. A new one is a file in workloads/ and a line here. */
import type { Workload } from './workload.ts'
import { agentImage } from './workloads/agent-image.ts'
import { catalog } from './workloads/catalog.ts'
import { change } from './workloads/change.ts'
import { churn } from './workloads/churn.ts'
import { configuration } from './workloads/configuration.ts'
import { create } from './workloads/create.ts'
import { deleteInBuild } from './workloads/delete-in-build.ts'
import { evicted } from './workloads/evicted.ts'
import { keptLate } from './workloads/kept-late.ts'
import { nameTaken } from './workloads/name-taken.ts'
import { namespaceDeleted } from './workloads/namespace-deleted.ts'
import { recreate } from './workloads/recreate.ts'
import { retain } from './workloads/retain.ts'
import { rigidVolume } from './workloads/rigid-volume.ts'
import { root } from './workloads/root.ts'
import { ten } from './workloads/ten.ts'
import { upgrade } from './workloads/upgrade.ts'

export const workloads: Workload[] = [
  create,
  deleteInBuild,
  recreate,
  retain,
  keptLate,
  churn,
  change,
  upgrade,
  configuration,
  rigidVolume,
  nameTaken,
  root,
  evicted,
  agentImage,
  catalog,
  namespaceDeleted,
  ten,
]
