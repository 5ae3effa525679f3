/**
 * The bare client, a process: makes the writes of a template for each Instance that comes up, over the product's own transport, each as soon as
 * what it waits for is there. It decides nothing, compares nothing and remembers nothing. Arguments: the template's file, a kubeconfig.
 */
import { readFileSync } from 'node:fs'
import { accessFromKubeconfig } from '../../../src/kube/access.ts'
import { connect } from '../../../src/kube/client.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import { persistentvolumeclaims, pods, type Resource } from '../../../src/kube/resource.ts'
import { openTransport } from '../../../src/kube/transport.ts'
import { guests, instances } from '../../../src/operator/resources.ts'
import { guestsNamespace, tenant } from './names.ts'
import { type Level, levelOf, mark, nothingYet, reached, type Step, uidMark } from './template.ts'

const [templateFile, kubeconfig] = process.argv.slice(2)
const template = JSON.parse(readFileSync(templateFile!, 'utf8')) as Step[]
const access = await accessFromKubeconfig(kubeconfig!)
const client = connect(access, { userAgent: 'bare-client' })
const transport = openTransport(access, 'bare-client')
const { signal } = new AbortController()

interface Run {
  /** What stands for each mark. */
  known: Map<string, string>
  begun: Set<number>
  done: Set<number>
}

const runs = new Map<string, Run>()
/** By the name that everything in the guests' namespace has. */
const levels = new Map<string, Level>()
const runOfGuest = new Map<string, Run>()

function go(run: Run): void {
  template.forEach((step, n) => {
    if (run.begun.has(n) || !step.after.every(m => run.done.has(m)) || !reached(levelOfRun(run), step.level)) return
    run.begun.add(n)
    send(run, step).then(
      () => {
        run.done.add(n)
        go(run)
      },
      error => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}

const guestNameOf = ({ known }: Run) => `${known.get(mark('name'))}-${known.get(mark('short'))}`
const levelOfRun = (run: Run): Level => levels.get(guestNameOf(run)) ?? nothingYet

async function send({ known }: Run, { method, path, query, contentType, body, tells }: Step): Promise<void> {
  const filled = (text: string) => text.replaceAll(/<<[^>]+>>/g, m => known.get(m) ?? m)
  const answer = await transport.send(
    // Paths are encoded, and so are the marks in them.
    { method, path: filled(decodeURIComponent(path)), query, contentType, body: JSON.parse(filled(body)), signal },
    'unary',
  )
  const { metadata } = JSON.parse(await answer.text()) as KubeObject
  if (metadata?.uid !== undefined && !known.has(tells)) known.set(tells, metadata.uid)
}

/** A server ends the watch of a client that is too slow for it: then on from where it was. */
async function follow(r: Resource<KubeObject>, namespace: string, took: (object: KubeObject) => void, synced: () => void): Promise<void> {
  for (let from: string | undefined; ; ) {
    const start = from === undefined ? { sendInitialEvents: true } : { resourceVersion: from }
    for await (const event of client.watch(r, { namespace, ...start, timeoutSeconds: 3000, signal })) {
      if (event.type === 'BOOKMARK') {
        if (event.initialEventsEnd) synced()
        from = event.resourceVersion
      } else {
        if (from !== undefined) from = event.object.metadata.resourceVersion
        if (event.type !== 'DELETED') took(event.object)
      }
    }
  }
}

const onGuestSide = (object: KubeObject) => {
  const { name } = object.metadata
  levels.set(name, levelOf(object, levels.get(name) ?? nothingYet))
  const run = runOfGuest.get(name)
  if (run !== undefined) go(run)
}
const onInstance = ({ metadata: { name, uid, finalizers = [] } }: KubeObject) => {
  // One that has a finalizer was begun by somebody before us.
  if (runs.has(uid) || finalizers.length > 0) return
  const known = new Map([
    [mark('name'), name],
    [mark('short'), uid.slice(0, 8)],
    [uidMark('instances', tenant), uid],
  ])
  const run: Run = { known, begun: new Set(), done: new Set() }
  runs.set(uid, run)
  runOfGuest.set(guestNameOf(run), run)
  go(run)
}

const watches: [Resource<KubeObject>, string, (object: KubeObject) => void][] = [
  [pods, guestsNamespace, onGuestSide],
  [persistentvolumeclaims, guestsNamespace, onGuestSide],
  [guests as Resource<KubeObject>, guestsNamespace, onGuestSide],
  [instances as Resource<KubeObject>, tenant, onInstance],
]
let syncedCount = 0
await Promise.all(
  watches.map(([r, namespace, took]) =>
    follow(r, namespace, took, () => {
      syncedCount += 1
      if (syncedCount === watches.length) console.log('watching')
    }),
  ),
)
