/** A group and the Instances that have it, on the bed of the scale bench; changes of the group are carried out by the operator or by the bare client. */
import { API_VERSION } from '../../../src/api/kind.ts'
import { configurationgroups, instances } from '../../../src/operator/resources.ts'
import { by, isCounted } from '../scale/audit.ts'
import { anInstance, type Bed, never, startedOperator } from '../scale/bed.ts'
import { settled } from '../scale/burst.ts'
import { tenant } from '../scale/names.ts'
import { caughtUp, type Operator, type Program, startBare } from '../scale/program.ts'

export type Side = 'operator' | 'bare'

const agents = { operator: 'trove-operator', bare: 'bare-client' }
const ref = { namespace: tenant, name: 'settings' }
const valuesOf = (megabytes: number) => ({ work_mem: `${megabytes}MB`, random_page_cost: 1.5, jit: 'off' })

export interface FanOut {
  change(side: Side): Promise<{ seconds: number; guestWrites: number; statusWrites: number }>
}

const isOperator = (program: Program): program is Operator => 'metric' in program

export async function fanOut(bed: Bed, names: readonly string[]): Promise<FanOut> {
  let megabytes = 8
  const group = { apiVersion: API_VERSION, kind: 'ConfigurationGroup' as const, metadata: ref }
  const spec = { datastore: { type: 'postgresql' }, values: valuesOf(megabytes) }
  await bed.client.create(configurationgroups, { ...group, spec } as never, { signal: never })
  const first = await startedOperator(bed)
  const grouped = (name: string) => {
    const draft = anInstance(name)
    return { ...draft, spec: { ...draft.spec, configurationRef: { name: ref.name } } }
  }
  await Promise.all(names.map(name => bed.client.create(instances, grouped(name) as never, { signal: never, deadlineMs: 300_000 })))
  await bed.active(names)
  await first.kill()
  const hashOf = (name: string) => bed.instances.get(`${tenant}/${name}`)?.status?.configuration?.hash

  return {
    async change(side) {
      const program = side === 'operator' ? await startedOperator(bed) : await startBare(bed.server.kubeconfig)
      try {
        if (isOperator(program)) await caughtUp(program, names.length)
        await settled(await bed.audit.mark())
        const before = new Map(names.map(name => [name, hashOf(name)]))
        const since = await bed.audit.mark()
        const began = performance.now()
        const body = { spec: { values: valuesOf(++megabytes) } }
        await bed.client.patch(configurationgroups, ref, { type: 'merge', body }, { manager: 'tenant', signal: never })
        const missing = [...names]
        await bed.until(() => {
          while (missing.length > 0 && hashOf(missing.at(-1)!) !== before.get(missing.at(-1)!)) missing.pop()
          return missing.length === 0
        })
        const seconds = (performance.now() - began) / 1000
        await settled(since)
        const writes = by(agents[side], await since()).filter(isCounted)
        const each = (resource: string) => writes.filter(w => w.resource === resource).length / names.length
        return { seconds, guestWrites: each('guests'), statusWrites: each('instances/status') }
      } finally {
        await program.kill()
      }
    },
  }
}
