/** kubectl-trove: what kubectl alone cannot show of a Trove on Kubernetes. As a plugin on the PATH it is `kubectl trove`. */
import { Command, Option } from 'commander'
import { type ShowOptions, showConfiguration } from './configuration/show.ts'

const program = new Command('kubectl trove').description('What kubectl alone cannot show of a Trove on Kubernetes.')

program
  .command('configuration')
  .description('Settings of database engines.')
  .command('show')
  .description('Print what an Instance is configured with, and where each value comes from.')
  .argument('<instance>', 'name of the Instance')
  .option('-n, --namespace <name>', 'namespace of the Instance (default: that of the context)')
  .option('--context <name>', 'context of the kubeconfig (default: the current one)')
  .option('--kubeconfig <file>', 'kubeconfig (default: $KUBECONFIG, or ~/.kube/config)')
  .option('--all', 'also what nobody sets, as the engine has it by itself')
  .addOption(new Option('-o, --output <form>', 'how to print it').choices(['table', 'json']).default('table'))
  .action(async (instance: string, options: ShowOptions) => {
    process.stdout.write(await showConfiguration(instance, options))
  })

// Whoever reads it has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`error: ${(error as Error).message}\n`)
  process.exitCode = 1
})
