/** What the operator is given in the cluster beside its program, so that what is tried and measured is what runs there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import { parseQuantity } from '../../src/operator/quantity.ts'

interface Deployment {
  spec: { template: { spec: { containers: [{ args: string[]; resources: { limits: { memory: string } } }] } } }
}

const text = readFileSync(join(import.meta.dirname, '../../deploy/operator/deployment.yaml'), 'utf8')
const [operator] = (loadAll(text) as [Deployment])[0].spec.template.spec.containers

/** What Node is told before the program's name. */
export const shippedFlags: readonly string[] = operator.args.slice(0, -1)

export const shippedMemoryMiB = parseQuantity(operator.resources.limits.memory) / 2 ** 20
