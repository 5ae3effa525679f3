/**
 * The programs that the cluster and the integration tests run, each group a part of the cache. kind and kubectl are taken from PATH if they
 * are there in the pinned version.
 */
import { join } from 'node:path'
import { ensurePart, type Part } from './cache.ts'
import { must } from './command.ts'
import { type GoModule, type GoPrograms, goBuild, goBuildModule, goInputs, goInstall, goModuleFiles } from './go.ts'
import { type Machine, observeMachine } from './machine.ts'
import { isAtLeast } from './route.ts'
import { SetupError } from './setup-error.ts'
import { type Log, stepLog } from './steps.ts'
import {
  gopherLuaVersion,
  kindVersion,
  kubernetesVersion,
  kustomizeControllerVersion,
  localPathVersion,
  minimumGo,
  sourceControllerVersion,
} from './versions.ts'

export interface KubeBinaries {
  kubeApiserver: string
  etcd: string
  kubectl: string
  kind: string
}

/** All that a test needs to run an API server of its own. The first build takes some minutes, and says so. */
export async function kubeBinaries(log: Log = stepLog(process.stderr)): Promise<KubeBinaries> {
  const machine = await observeMachine()
  const server = await ensureGoPart(apiServerPart, machine, log)
  return { kubeApiserver: join(server, 'kube-apiserver'), etcd: join(server, 'etcd'), ...(await clientBinaries(log, machine)) }
}

/** What drives a cluster from outside. */
export async function clientBinaries(log: Log, machine?: Machine): Promise<{ kubectl: string; kind: string }> {
  const seen = machine ?? (await observeMachine())
  return {
    kubectl: seen.pinnedKubectl ?? join(await ensureGoPart(kubectlPart, seen, log), 'kubectl'),
    kind: seen.pinnedKind ?? join(await ensureGoPart(kindPart, seen, log), 'kind'),
  }
}

/** Folders with the programs that go into a node image. */
export interface NodePrograms {
  /** kube-apiserver and etcd */
  apiServer: string
  kubectl: string
  /** kubelet, kubeadm and the other control-plane programs */
  kubernetes: string
  /** containerd, ctr, runc, CNI plugins, CoreDNS */
  runtime: string
  localPath: string
  /** kind's own sources for a node image: `files/` and `storage.go`. */
  kind: string
}

export async function nodePrograms(log: Log): Promise<NodePrograms> {
  const machine = await observeMachine()
  const part = (one: Part) => ensureGoPart(one, machine, log)
  return {
    apiServer: await part(apiServerPart),
    kubectl: await part(kubectlPart),
    kubernetes: await part(nodeKubernetesPart),
    runtime: await part(runtimePart),
    localPath: await part(localPathPart),
    kind: await part(kindPart),
  }
}

/** The folder with Flux's `kustomize-controller`. */
export async function kustomizeController(log: Log): Promise<string> {
  return await ensureGoPart(kustomizeControllerPart, await observeMachine(), log)
}

/** A folder with Flux's own manifests: `crd`, with its sources' kinds, `rbac` and `manager`. */
export async function fluxManifests(log: Log): Promise<string> {
  return await ensureGoPart(fluxManifestsPart, await observeMachine(), log)
}

/** The Lua interpreter that Argo CD is built with. */
export async function luaInterpreter(log: Log): Promise<string> {
  return join(await ensureGoPart(luaPart, await observeMachine(), log), 'glua')
}

async function ensureGoPart(part: Part, machine: Machine, log: Log): Promise<string> {
  const guarded = async (dir: string) => {
    if (machine.go === undefined || !isAtLeast(machine.go, minimumGo)) {
      throw new SetupError(
        `to ${part.title}, Go ${minimumGo} or newer is needed (${machine.go ?? 'none is on PATH'})`,
        'see https://go.dev/dl/',
      )
    }
    await part.build(dir)
  }
  return await ensurePart({ ...part, build: guarded }, log)
}

const small = '-s -w'
const component = 'k8s.io/component-base/version'
const [major, minor] = kubernetesVersion.split('.')
/** What `kubectl version` and kubeadm's version checks read; a build from modules has no git to take it from. */
const kubernetesFlags = [
  small,
  `-X ${component}.gitVersion=v${kubernetesVersion}`,
  `-X ${component}.gitMajor=${major}`,
  `-X ${component}.gitMinor=${minor}`,
  `-X ${component}.gitTreeState=clean`,
].join(' ')

const kubernetes = (...names: string[]): GoPrograms => ({
  module: 'kubernetes',
  packages: names.map(name => `k8s.io/kubernetes/cmd/${name}`),
  ldflags: kubernetesFlags,
})

function goPart(name: string, title: string, groups: GoPrograms[]): Part {
  return {
    name,
    title,
    inputs: groups.map(goInputs),
    async build(dir) {
      for (const group of groups) await goBuild(group, dir)
    },
  }
}

const kubectlPart = goPart('kubectl', `build kubectl ${kubernetesVersion}`, [kubernetes('kubectl')])

const apiServerPart = goPart('apiserver', `build kube-apiserver ${kubernetesVersion} and etcd`, [
  kubernetes('kube-apiserver'),
  { module: 'kubernetes', packages: ['go.etcd.io/etcd/server/v3'], ldflags: small, as: 'etcd' },
])

const nodeKubernetesPart = goPart('node-kubernetes', `build kubelet, kubeadm and the rest of Kubernetes ${kubernetesVersion}`, [
  kubernetes('kubelet', 'kubeadm', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'),
])

const runtimePart = goPart('node-runtime', 'build containerd, runc, CNI plugins and CoreDNS', [
  {
    module: 'runtime',
    ldflags: small,
    packages: [
      ...['containerd', 'containerd-shim-runc-v2', 'ctr'].map(name => `github.com/containerd/containerd/v2/cmd/${name}`),
      ...['main/bridge', 'main/loopback', 'ipam/host-local', 'meta/portmap'].map(
        name => `github.com/containernetworking/plugins/plugins/${name}`,
      ),
      'github.com/coredns/coredns',
    ],
  },
  // Without seccomp every pod fails with "seccomp not supported", and seccomp needs C.
  { module: 'runtime', ldflags: small, packages: ['github.com/opencontainers/runc'], tags: 'seccomp', cgo: true, as: 'runc' },
])

const localPathPart: Part = {
  name: 'local-path-provisioner',
  title: `build local-path-provisioner ${localPathVersion}`,
  inputs: { localPathVersion, arch: process.arch },
  build: dir => goInstall('github.com/rancher/local-path-provisioner', localPathVersion, dir),
}

/** The program, and from the same module the sources of its node image: nothing of kind's is copied into this repository. */
const kindPart: Part = {
  name: 'kind',
  title: `build kind ${kindVersion}`,
  inputs: { kindVersion, platform: process.platform, arch: process.arch },
  async build(dir) {
    await goInstall('sigs.k8s.io/kind', kindVersion, dir)
    const sources = await goModuleFiles('sigs.k8s.io/kind', kindVersion)
    await must('cp', ['-R', join(sources, 'images', 'base', 'files'), join(dir, 'files')])
    await must('cp', [join(sources, 'pkg', 'build', 'nodeimage', 'const_storage.go'), join(dir, 'storage.go')])
    // Go's module cache is read-only, and so would be our copy, even to whoever wants to remove it.
    await must('chmod', ['-R', 'u+w', dir])
  },
}

const kustomizeControllerModule: GoModule = {
  path: 'github.com/fluxcd/kustomize-controller',
  version: kustomizeControllerVersion,
  nested: ['api'],
}

const kustomizeControllerPart: Part = {
  name: 'kustomize-controller',
  title: `build Flux’s kustomize-controller ${kustomizeControllerVersion}`,
  inputs: { module: kustomizeControllerModule, arch: process.arch },
  build: dir => goBuildModule(kustomizeControllerModule, dir),
}

/** Read from the modules, whose sums Go checks: nothing of Flux's is copied into this repository, and the kinds always fit the program. */
const fluxManifestsPart: Part = {
  name: 'flux-manifests',
  title: `unpack the manifests of kustomize-controller ${kustomizeControllerVersion}`,
  inputs: { kustomizeControllerVersion, sourceControllerVersion },
  async build(dir) {
    const controller = await goModuleFiles(kustomizeControllerModule.path, kustomizeControllerVersion)
    const sources = await goModuleFiles('github.com/fluxcd/source-controller', sourceControllerVersion)
    for (const name of ['crd', 'rbac', 'manager']) await must('cp', ['-R', '--no-preserve=mode', join(controller, 'config', name), dir])
    await must('cp', ['-RT', '--no-preserve=mode', join(sources, 'config', 'crd'), join(dir, 'source-crd')])
  },
}

const luaPart: Part = {
  name: 'glua',
  title: `build gopher-lua ${gopherLuaVersion}`,
  inputs: { gopherLuaVersion, arch: process.arch },
  build: dir => goInstall('github.com/yuin/gopher-lua/cmd/glua', gopherLuaVersion, dir),
}
