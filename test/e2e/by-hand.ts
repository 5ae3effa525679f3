/** A page's script as a person runs it: in the checkout, with kubectl on PATH and the cluster's kubeconfig. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { must, type Outcome } from '../kind/command.ts'
import { thisCheckout } from '../kind/names.ts'
import { cluster } from './world.ts'

export async function byHand(script: string): Promise<Outcome> {
  const { kubectlPath, kubeconfig } = await cluster()
  const bin = mkdtempSync(join(tmpdir(), 'trove-kubectl-'))
  try {
    symlinkSync(kubectlPath, join(bin, 'kubectl'))
    const env = { PATH: `${bin}${delimiter}${process.env.PATH}`, KUBECONFIG: kubeconfig }
    return await must('bash', ['-o', 'pipefail', '-c', script], { cwd: thisCheckout(), env, timeoutMs: 180_000 })
  } finally {
    rmSync(bin, { recursive: true, force: true })
  }
}
