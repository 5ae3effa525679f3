/**
 * A product team's git repository as Flux sees it, without git: a pod in the team's namespace serves archives of files, and the status of a
 * GitRepository says which one is the latest, as source-controller would. What is applied from it is applied by Flux alone, with the rights
 * that the project's own example gives.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as yaml from 'js-yaml'
import { onTestFinished } from 'vitest'
import { run } from '../kind/command.ts'
import { thisCheckout } from '../kind/names.ts'
import { imageWithoutShell } from './setup.ts'
import { apply, type Condition, cluster, condition, get, kubectl, type Obj, tryKubectl, until } from './world.ts'

/** A file's text, or the objects that are in it, by path. */
export type Files = Record<string, string | object[]>

const port = 8080
const server = `const { createReadStream } = require('node:fs')
require('node:http').createServer((request, response) => {
  createReadStream('/srv' + request.url).on('error', () => response.writeHead(404).end()).pipe(response)
}).listen(${port})`

/** Flux looks again this often, so that a test sees many rounds; everything else of the example stays as it is shipped. */
const often = { interval: '4s', retryInterval: '2s', timeout: '3m' }

export interface Repository {
  /** Makes these files the whole content of the repository. Gives back the revision. */
  push(files: Files): Promise<string>
  /** A Kustomization like the shipped one that applies that folder. */
  sync(name: string, folder: string, spec?: object): Promise<void>
}

/** What deploy/gitops/flux would make, in another namespace. */
async function shipped(kind: string, namespace: string): Promise<Obj> {
  const rendered = await kubectl(['kustomize', join(thisCheckout(), 'deploy', 'gitops', 'flux')])
  const objects = yaml.loadAll(rendered.replaceAll(/\bnamespace: demo\b/g, `namespace: ${namespace}`)) as Obj[]
  const found = objects.find(object => object.kind === kind)
  if (found === undefined) throw new Error(`deploy/gitops/flux has no ${kind}`)
  return found
}

export async function repository(namespace: string): Promise<Repository> {
  const source = await shipped('GitRepository', namespace)
  await apply(await shipped('ServiceAccount', namespace), await shipped('RoleBinding', namespace), source, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'git', namespace },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'git',
          image: imageWithoutShell(await cluster()),
          command: ['/nodejs/bin/node', '-e', server],
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
          readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
          volumeMounts: [{ name: 'srv', mountPath: '/srv' }],
        },
      ],
      volumes: [{ name: 'srv', emptyDir: {} }],
    },
  })
  await kubectl(['wait', '--for=condition=Ready', '--timeout=60s', '-n', namespace, 'pod/git'])
  // Before the namespace goes, and the pod with it that Flux would go on asking.
  onTestFinished(async () => {
    await tryKubectl(['delete', 'kustomizations', '--all', '-n', namespace, '--timeout=60s'])
  })
  const { podIP } = (await get('pod', 'git', namespace)).status

  return {
    async push(files) {
      const content = await archive(files)
      const digest = createHash('sha256').update(content).digest('hex')
      const revision = `main@sha1:${createHash('sha1').update(content).digest('hex')}`
      const path = `${digest}.tar.gz`
      const receive = `const { readFileSync, writeFileSync } = require('node:fs')
writeFileSync('/srv/${path}', Buffer.from(readFileSync(0, 'utf8'), 'base64'))`
      await kubectl(['exec', '-i', '-n', namespace, 'git', '--', '/nodejs/bin/node', '-e', receive], content.toString('base64'))
      const artifact = {
        path,
        url: `http://${podIP}:${port}/${path}`,
        digest: `sha256:${digest}`,
        revision,
        size: content.length,
        lastUpdateTime: new Date().toISOString(),
      }
      const status = { observedGeneration: (await get('gitrepository', source.metadata.name, namespace)).metadata.generation, artifact }
      const patch = JSON.stringify({ status })
      await kubectl(['patch', 'gitrepository', source.metadata.name, '-n', namespace, '--subresource=status', '--type=merge', '-p', patch])
      return revision
    },
    async sync(name, folder, spec = {}) {
      const example = await shipped('Kustomization', namespace)
      await apply({
        ...example,
        metadata: { ...example.metadata, name },
        spec: { ...example.spec, ...often, path: `./${folder}`, ...spec },
      })
    },
  }
}

async function archive(files: Files): Promise<Buffer> {
  const dir = mkdtempSync(join(tmpdir(), 'trove-git-'))
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(dir, 'tree', dirname(path)), { recursive: true })
      const text = typeof content === 'string' ? content : content.map(object => `---\n${JSON.stringify(object)}\n`).join('')
      writeFileSync(join(dir, 'tree', path), text)
    }
    const tar = join(dir, 'tree.tar')
    const made = await run('tar', [
      '--create',
      '--mtime=@0',
      '--owner=0',
      '--group=0',
      '--file',
      tar,
      '--directory',
      join(dir, 'tree'),
      '.',
    ])
    if (made.code !== 0) throw new Error(`tar: ${made.stderr}`)
    return gzipSync(readFileSync(tar))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Waits until Flux says of that revision that it is applied and healthy. */
export const settled = (name: string, namespace: string, revision: string, timeoutMs = 180_000): Promise<Obj> =>
  said(name, namespace, `revision ${revision} is applied and healthy`, timeoutMs, ({ metadata, status }, ready) => {
    return ready.status === 'True' && status.observedGeneration === metadata.generation && status.lastAppliedRevision === revision
  })

/** Waits until Flux has given up on that revision for now, for that reason. */
export const fails = (name: string, namespace: string, revision: string, reason: string, timeoutMs = 60_000): Promise<Obj> =>
  said(name, namespace, `revision ${revision} fails with ${reason}`, timeoutMs, ({ status }, ready) => {
    return ready.status === 'False' && ready.reason === reason && status.lastAttemptedRevision === revision
  })

async function said(
  name: string,
  namespace: string,
  what: string,
  timeoutMs: number,
  holds: (kustomization: Obj, ready: Condition) => boolean,
): Promise<Obj> {
  let seen: Obj | undefined
  try {
    return await until(
      `of Kustomization ${namespace}/${name}, ${what}`,
      async () => {
        seen = await get('kustomization', name, namespace)
        const ready = condition(seen, 'Ready')
        return ready !== undefined && holds(seen, ready) && seen
      },
      timeoutMs,
    )
  } catch (error) {
    throw new Error(`${(error as Error).message}\nits status: ${JSON.stringify(seen?.status, undefined, 1)}`)
  }
}

/** What one round of Flux found or made of each object, by its name: "unchanged", "created", "configured". */
export type Round = Record<string, string>

/** Every round of a Kustomization since then, in the controller's own words. Its Events would not do: of many alike some are dropped. */
export async function rounds(name: string, namespace: string, since: Date): Promise<Round[]> {
  const lines = await log(name, namespace, since)
  return lines.filter(({ msg }) => msg === 'server-side apply completed').map(({ output }) => output ?? {})
}

/** Every failure of a Kustomization since then. */
export async function failures(name: string, namespace: string, since: Date): Promise<string[]> {
  return (await log(name, namespace, since)).flatMap(({ error }) => (error === undefined ? [] : [error]))
}

interface Line {
  msg: string
  error?: string
  output?: Round
  Kustomization?: { name: string; namespace: string }
}

async function log(name: string, namespace: string, since: Date): Promise<Line[]> {
  const text = await kubectl(['logs', '-n', 'flux-system', 'deployment/kustomize-controller', `--since-time=${since.toISOString()}`])
  return text
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Line)
    .filter(({ Kustomization: of }) => of?.name === name && of.namespace === namespace)
}
