/** What a walk begins with: a catalog of its own, an Instance, databases and users, each field of each drawn from its schema or from the table. */
import { setTimeout as pause } from 'node:timers/promises'
import { parseQuantity } from '../../../src/operator/quantity.ts'
import { hash } from '../faults/random.ts'
import { signal } from '../operator/rig.ts'
import type { Stage } from './rest.ts'
import { fieldsOf, put, type WalkedKind } from './schema.ts'
import type { Memory } from './statements/statement.ts'
import { statements } from './statements/table.ts'
import { drawn, valid } from './values.ts'
import { groupNames, resourceOf, type Tenant, type View, versionNames } from './view.ts'

export const databaseNames = ['shop', 'ware', 'odd'] as const
export const userNames = ['app', 'odd'] as const

/** The specs of what is there at first, by kind and name. The tenant's names are in them, and decide on nothing. */
export function firstSpecs(tenant: Tenant, seed: number): { kind: WalkedKind; name: string; spec: object }[] {
  const make = (kind: WalkedKind, name: string, object = name) => ({ kind, name: object, spec: firstSpec(kind, name, tenant, seed) })
  return [
    make('Flavor', 'first', tenant.name),
    make('Datastore', 'first', tenant.name),
    ...versionNames.map(which => make('DatastoreVersion', which, `${tenant.name}-${which}`)),
    ...groupNames.map(name => make('ConfigurationGroup', name)),
    make('Instance', 'first', tenant.name),
    ...databaseNames.map(name => make('Database', name)),
    ...userNames.map(name => make('DatabaseUser', name)),
  ]
}

function firstSpec(kind: WalkedKind, name: string, tenant: Tenant, seed: number): object {
  let spec: unknown = {}
  // Fields of entries come with their list.
  const fields = fieldsOf(kind).filter(f => !f.steps.includes('[]'))
  for (const [at, { id, steps, schema, required }] of fields.entries()) {
    // Of each field of each object its own.
    const own = hash(`${seed} ${id} ${name}`)
    const start = statements[id]?.start
    const value = start !== undefined ? start({ tenant, name }, own) : required || own % 3 > 0 ? drawn(valid(schema), own + at) : undefined
    if (value !== undefined) spec = put(spec, steps, value)
  }
  return spec as object
}

/** It is there, and seen to be there. */
export async function create({ rig, watches }: Stage, tenant: Tenant, kind: WalkedKind, name: string, spec: object): Promise<void> {
  const r = resourceOf[kind]
  const metadata = { name, ...(r.namespaced && { namespace: tenant.namespace }) }
  await rig.client.create(r, { apiVersion: 'trove.dev/v1alpha1', kind, metadata, spec } as never, { signal })
  while (watches.find(kind, tenant, name) === undefined) await pause(10)
}

/** What there is to remember of a walk that has only begun. */
export function firstMemory(specs: ReturnType<typeof firstSpecs>): Memory {
  const of = (kind: WalkedKind) => specs.find(s => s.kind === kind)!.spec
  const instance = of('Instance') as View['instance']['spec']
  const { image, imagePullSecrets } = of('DatastoreVersion') as View['versions'][number]['spec']
  return {
    granted: parseQuantity(instance.volume.size),
    restart: instance.restartRequestedAt,
    restarts: 0,
    image,
    pullSecrets: imagePullSecrets ?? [],
    instances: 1,
  }
}
