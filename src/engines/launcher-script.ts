/**
 * The launcher's text, as the operator puts it into a pod (`command: [sh, -c, TEXT]`) and as tests run it. The script lies beside this file,
 * in the sources as in the bundle. It is given without its comments; doubling `$$` for Kubernetes is the pod's business.
 */
import { readFileSync } from 'node:fs'

export function launcherScript(): string {
  const text = readFileSync(new URL('./launcher.sh', import.meta.url), 'utf8')
  const code = text.split('\n').filter(line => line.trim() !== '' && !line.trimStart().startsWith('#'))
  return `${code.join('\n')}\n`
}
