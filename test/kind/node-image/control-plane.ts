/**
 * The images that kubeadm and kind expect to find on a node: control plane, CoreDNS, pause, kube-proxy and the volume provisioner. Each is
 * one static program, on an empty root or on a small Debian.
 */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { NodePrograms } from '../binaries.ts'
import { must } from '../command.ts'
import { type ImageSpec, writeImageArchive, writeLayer } from '../image-archive.ts'
import { corednsTag, etcdTag, kubernetesVersion, pauseTag } from '../versions.ts'
import type { StorageManifest } from './storage.ts'

export const pauseImage = `registry.k8s.io/pause:${pauseTag}`

interface OneProgram {
  reference: string
  program: string
  /** Where the program goes; the images' users call some by name and some by path. */
  path: string
  entrypoint: string
  debian: boolean
}

export async function writeControlPlaneImages(
  out: string,
  programs: NodePrograms,
  storage: StorageManifest,
  debian: string,
): Promise<void> {
  const work = mkdtempSync(join(dirname(out), 'control-plane-'))
  try {
    const pause = join(work, 'pause')
    await must('gcc', ['-static', '-Os', '-s', '-o', pause, '-x', 'c', join(import.meta.dirname, 'pause.c')])
    const images: ImageSpec[] = []
    for (const [index, one] of listed(programs, storage, pause).entries()) {
      const layer = join(work, `${index}.tar`)
      await programLayer(layer, one, join(work, String(index)))
      images.push({ reference: one.reference, layers: one.debian ? [debian, layer] : [layer], entrypoint: [one.entrypoint] })
    }
    images.push({ reference: storage.helperImage, layers: [debian], entrypoint: ['/bin/sh'] })
    await writeImageArchive(out, images)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function listed(programs: NodePrograms, storage: StorageManifest, pause: string): OneProgram[] {
  const bin = (reference: string, program: string, debian = false): OneProgram => {
    const name = program.slice(program.lastIndexOf('/') + 1)
    return { reference, program, path: `usr/local/bin/${name}`, entrypoint: name, debian }
  }
  const atRoot = (reference: string, program: string): OneProgram => {
    const name = program.slice(program.lastIndexOf('/') + 1)
    return { reference, program, path: name, entrypoint: `/${name}`, debian: false }
  }
  const kubernetes = (name: string) => `registry.k8s.io/${name}:v${kubernetesVersion}`
  return [
    bin(kubernetes('kube-apiserver'), join(programs.apiServer, 'kube-apiserver')),
    bin(kubernetes('kube-controller-manager'), join(programs.kubernetes, 'kube-controller-manager')),
    bin(kubernetes('kube-scheduler'), join(programs.kubernetes, 'kube-scheduler')),
    // kube-proxy calls iptables.
    bin(kubernetes('kube-proxy'), join(programs.kubernetes, 'kube-proxy'), true),
    bin(`registry.k8s.io/etcd:${etcdTag}`, join(programs.apiServer, 'etcd')),
    bin(storage.provisionerImage, join(programs.localPath, 'local-path-provisioner')),
    atRoot(`registry.k8s.io/coredns/coredns:${corednsTag}`, join(programs.runtime, 'coredns')),
    atRoot(pauseImage, pause),
  ]
}

async function programLayer(out: string, one: OneProgram, root: string): Promise<void> {
  const target = join(root, one.path)
  mkdirSync(dirname(target), { recursive: true })
  if (!one.debian) {
    mkdirSync(join(root, 'etc', 'ssl', 'certs'), { recursive: true })
    mkdirSync(join(root, 'tmp'))
    chmodSync(join(root, 'tmp'), 0o1777)
    writeFileSync(join(root, 'etc', 'passwd'), 'root:x:0:0:root:/root:/sbin/nologin\n')
  }
  copyFileSync(one.program, target)
  chmodSync(target, 0o755)
  await writeLayer(out, root)
  rmSync(root, { recursive: true })
}
