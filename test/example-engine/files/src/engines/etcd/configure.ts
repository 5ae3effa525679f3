/** etcd changes no setting while it runs, and cannot be asked what it runs with: what it was started with lies beside its socket. */
import type { EnginePaths } from '../guest-engine.ts'
import { readVolumeFile } from '../volume-file.ts'
import { configurationFile, startedWithFile } from './files.ts'

const maxBytes = 64 * 1024

export function configure(paths: EnginePaths): { restartRequired: string[] } {
  const wanted = settings(readVolumeFile(configurationFile(paths), maxBytes))
  const is = settings(readVolumeFile(startedWithFile(paths), maxBytes))
  const names = new Set([...wanted.keys(), ...is.keys()])
  return { restartRequired: [...names].filter(name => wanted.get(name) !== is.get(name)).sort() }
}

/** By name, as the rules have it. */
function settings(content: string): Map<string, string> {
  const lines = [...content.matchAll(/^ETCD_([A-Z0-9_]+)=(.*)$/gm)]
  return new Map(lines.map(([, name = '', value = '']) => [name.toLowerCase().replaceAll('_', '-'), value]))
}
