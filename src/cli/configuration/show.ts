/** `kubectl trove configuration show INSTANCE`: what it is configured with, where each value comes from, and whether the engine runs with it. */
import { operatorEngines } from '../../engines/operator-engines.ts'
import type { Client } from '../../kube/client.ts'
import { isNotFound } from '../../kube/errors.ts'
import { configurationgroups, datastores, datastoreversions, flavors, instances } from '../../operator/resources.ts'
import { type ClusterOptions, openCluster } from '../cluster.ts'
import { columns } from '../columns.ts'
import { type Configuration, configurationOf, type Found } from './origins.ts'

export interface ShowOptions extends ClusterOptions {
  all?: true
  output: 'table' | 'json'
}

/** The text to print. */
export async function showConfiguration(name: string, options: ShowOptions): Promise<string> {
  const { client, namespace, close } = openCluster(options)
  try {
    const found = await find(client, namespace, name)
    const configuration = configurationOf(found, operatorEngines, options.all === true)
    return options.output === 'json' ? `${JSON.stringify(configuration, undefined, 2)}\n` : asTable(configuration)
  } finally {
    await close()
  }
}

async function find(client: Client, namespace: string, name: string): Promise<Found> {
  const signal = AbortSignal.timeout(30_000)
  const instance = await client.get(instances, { namespace, name }, { signal })
  const { datastore: asked, flavorRef, configurationRef } = instance.spec
  const fieldSelector = `spec.datastoreRef.name=${asked.type}`
  const [datastore, { items: versions }, flavor, group] = await Promise.all([
    client.get(datastores, { name: asked.type }, { signal }),
    client.list(datastoreversions, { fieldSelector, signal }),
    client.get(flavors, { name: flavorRef.name }, { signal }),
    configurationRef && client.get(configurationgroups, { namespace, name: configurationRef.name }, { signal }).catch(undefinedIfGone),
  ])
  return { instance, datastore, versions, flavor, ...(group !== undefined && { group }) }
}

function undefinedIfGone(error: unknown): undefined {
  if (!isNotFound(error)) throw error
}

export function asTable({ settings, isApplied, inForce, says, notShown }: Configuration): string {
  const rows = settings.map(({ name, value, origin, waits }) => [name, value === '' ? '""' : short(value), origin, waits ? 'waits' : ''])
  const but = settings.some(({ waits }) => waits) ? ', but for what waits for a restart' : ''
  const runsWithThis = `The engine runs with this${but}.`
  const runsWithOther =
    'The engine runs with other values for some of this: a change is under way, or the defaults are those that its next restart brings.'
  const head = !isApplied ? 'This is asked for, and the engine does not run with all of it.' : inForce ? runsWithThis : runsWithOther
  const note =
    notShown.length === 0
      ? ''
      : `\nNot shown: the settings of ${notShown.join(' and of ')}. What the Instance took of them last, if anything, is in force.`
  return `${head} ConfigurationApplied: ${says}${note}\n\n${columns(['NAME', 'VALUE', 'ORIGIN', 'RESTART'], rows)}`
}

/** A list of switches would make every line of the table as wide. */
const short = (value: string) => (value.length > 60 ? `${value.slice(0, 59)}…` : value)
