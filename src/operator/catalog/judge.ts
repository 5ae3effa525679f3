/** What is wrong with an entry of the catalog itself. Pure. None of it stops what runs. */
import type { Datastore } from '../../api/datastore.ts'
import type { DatastoreVersion } from '../../api/datastoreversion.ts'
import type { OperatorEngine } from '../../engines/operator-engine.ts'
import { type Fault, fault } from '../../errors.ts'
import { type Engines, findVersion } from '../instance/decide.ts'
import { settingsOf } from '../instance/settle.ts'
import { judgeStep } from '../instance/version-change.ts'

/** `versions` are those of this Datastore. */
export function judgeDatastore(datastore: Datastore, versions: readonly DatastoreVersion[], engines: Engines): Fault | undefined {
  const { engine, defaultVersion: version } = datastore.spec
  if (engines[engine] === undefined) return fault('EngineUnknown', { engine })
  if (version === undefined) return undefined
  const found = findVersion(versions, version)
  const { name } = datastore.metadata
  if (found === undefined) return fault('DatastoreVersionNotFound', { datastore: name, version })
  return found.spec.active ? undefined : fault('DatastoreVersionInactive', { datastore: name, version })
}

/** `siblings` are all versions of the same Datastore, this one included. */
export function judgeVersion(
  version: DatastoreVersion,
  datastore: Datastore | undefined,
  siblings: readonly DatastoreVersion[],
  engines: Engines,
): Fault | undefined {
  const { datastoreRef, version: stated } = version.spec
  if (datastore === undefined) return fault('DatastoreNotFound', { datastore: datastoreRef.name })
  const first = findVersion(siblings, stated)
  const engine = engines[datastore.spec.engine]
  if (first === undefined || first.metadata.uid === version.metadata.uid) return engine && judgeContent(version, engine)
  const names = { first: first.metadata.name, second: version.metadata.name }
  return fault('DatastoreVersionAmbiguous', { datastore: datastoreRef.name, version: stated, ...names })
}

/** What it sets, and from which versions it says that Instances may come. */
function judgeContent(version: DatastoreVersion, engine: OperatorEngine): Fault | undefined {
  const { upgradeFrom = [], version: to } = version.spec
  const impossible = upgradeFrom.flatMap(from => judgeStep(engine, from, to) ?? [])
  return settingsOf(version, engine).fault ?? impossible[0]
}
