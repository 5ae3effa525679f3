/** The API server's own record of writes: who wrote what, and how it was answered. Reads are not in it. */
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Write {
  /** The name of the program that asked. */
  who: string
  verb: string
  /** With its subresource: `instances/status`. */
  resource: string
  name: string
  status: number
}

const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'None', verbs: ['get', 'list', 'watch'] }, { level: 'Metadata' }],
}

interface Entry {
  userAgent?: string
  verb: string
  objectRef?: { resource: string; subresource?: string; name?: string }
  responseStatus?: { code?: number }
}

/** What an API server must be started with, and how to read what it writes. */
export async function openAudit(dir: string): Promise<{ flags: string[]; mark(): Promise<() => Promise<Write[]>> }> {
  const log = join(dir, 'audit.log')
  await writeFile(join(dir, 'audit.yaml'), JSON.stringify(policy))
  const read = async (from: number): Promise<string> => {
    const file = await open(log)
    try {
      const { size } = await file.stat()
      const { buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from)
      return buffer.toString()
    } finally {
      await file.close()
    }
  }
  return {
    flags: [`--audit-policy-file=${dir}/audit.yaml`, `--audit-log-path=${log}`, '--audit-log-maxsize=4000'],
    /** From now on; the function that it gives tells what was written since. */
    async mark() {
      const file = await open(log)
      const { size } = await file.stat()
      await file.close()
      return async () => {
        const text = await read(size)
        const lines = text.slice(0, text.lastIndexOf('\n')).split('\n').filter(Boolean)
        return lines.map(line => toWrite(JSON.parse(line) as Entry))
      }
    },
  }
}

function toWrite({ userAgent = '', verb, objectRef, responseStatus }: Entry): Write {
  const { resource = '', subresource, name = '' } = objectRef ?? {}
  return {
    who: userAgent,
    verb,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    name,
    status: responseStatus?.code ?? 0,
  }
}

const isEvent = (w: Write) => w.resource === 'events'
/** What is counted: everything but the Lease and Events. */
export const isCounted = (w: Write) => w.resource !== 'leases' && !isEvent(w)
export const eventsOf = (writes: readonly Write[]) => writes.filter(isEvent)
export const by = (who: string, writes: readonly Write[]) => writes.filter(w => w.who === who)
