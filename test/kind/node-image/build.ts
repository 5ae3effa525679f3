/**
 * Builds the node image where no registry is in reach: a Debian root file system, kind's own files on top, Kubernetes and containerd from Go
 * modules, and the control plane's images already in containerd's store. It lives in the Docker engine under a name of our own, so that it
 * can never be taken for kind's; its tag follows its content.
 */
import { chmodSync, copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type NodePrograms, nodePrograms } from '../binaries.ts'
import { cacheRoot, contentKey } from '../cache.ts'
import { must, run } from '../command.ts'
import { withLock } from '../lock.ts'
import { cgroupVersion, hasSysResource } from '../machine.ts'
import { ensureRootfs, type Rootfs, rootfsInputs } from '../rootfs.ts'
import type { Log } from '../steps.ts'
import { kubernetesVersion } from '../versions.ts'
import { pauseImage, writeControlPlaneImages } from './control-plane.ts'
import { fillImageStore } from './image-store.ts'
import { readStorageManifest } from './storage.ts'

const repository = 'trove.local/kind-node'

const nodeRoot: Rootfs = {
  name: 'node',
  suite: 'bookworm',
  packages: [
    ...['systemd', 'bash', 'util-linux', 'mount', 'procps', 'kmod', 'ca-certificates', 'curl', 'jq', 'pigz'],
    ...['iproute2', 'iptables', 'nftables', 'conntrack', 'ethtool', 'socat', 'libseccomp2', 'e2fsprogs'],
  ],
}

const smallRoot: Rootfs = { name: 'small', suite: 'bookworm', packages: ['iptables', 'nftables', 'conntrack', 'kmod', 'ca-certificates'] }

/** What the machine can and cannot do, as far as it changes the image. */
interface Limits {
  cgroup: 1 | 2
  sysResource: boolean
}

/** The image's name in the Docker engine; built now if the engine does not have it. */
export async function ensureNodeImage(log: Log): Promise<string> {
  const limits: Limits = { cgroup: await cgroupVersion(), sysResource: hasSysResource() }
  const programs = await nodePrograms(log)
  const recipe = ['build.ts', 'control-plane.ts', 'image-store.ts', 'pause.c', 'prepare.sh', 'storage.ts'].map(name =>
    readFileSync(join(import.meta.dirname, name), 'utf8'),
  )
  const roots = [nodeRoot, smallRoot].map(rootfsInputs)
  const image = `${repository}:v${kubernetesVersion}-${contentKey({ limits, programs: Object.values(programs), recipe, roots })}`
  if (await isThere(image)) return image
  const [node, small] = [await ensureRootfs(nodeRoot, log), await ensureRootfs(smallRoot, log)]
  await withLock(join(cacheRoot(), 'node-image.lock'), async () => {
    if (await isThere(image)) return
    await log.step('build the node image', () => build(image, programs, limits, node, small))
    await removeOthers(image)
  })
  return image
}

async function isThere(image: string): Promise<boolean> {
  return (await run('docker', ['image', 'inspect', image])).code === 0
}

/** Earlier builds are a gigabyte each. The engine itself refuses to remove one that a container uses. */
async function removeOthers(image: string): Promise<void> {
  const { stdout } = await must('docker', ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', repository])
  for (const other of stdout.split('\n')) if (other !== '' && other !== image) await run('docker', ['image', 'rm', other])
}

async function build(image: string, programs: NodePrograms, limits: Limits, node: string, small: string): Promise<void> {
  // Beside the cache, not in /tmp, which may be small and in memory. We hold the lock: what is there was left by a run that was killed.
  const prefix = join(cacheRoot(), '.node-image-')
  for (const left of globSync(`${prefix}*`)) rmSync(left, { recursive: true, force: true })
  const work = mkdtempSync(prefix)
  try {
    const root = join(work, 'root')
    mkdirSync(root)
    await must('tar', ['--extract', '--file', node, '--directory', root])
    await addKindFiles(root, programs.kind)
    addPrograms(root, programs)
    await must('chroot', [root, 'sh', '-s'], { input: readFileSync(join(import.meta.dirname, 'prepare.sh'), 'utf8') })

    const storage = readStorageManifest(readFileSync(join(programs.kind, 'storage.go'), 'utf8'))
    writeFileSync(join(root, 'kind', 'manifests', 'default-storage.yaml'), storage.yaml)
    writeFileSync(join(root, 'kind', 'version'), `v${kubernetesVersion}`)
    writeFileSync(join(root, 'etc', 'cni', 'net.d', '10-bridge.conflist'), JSON.stringify(bridgeNetwork, undefined, 2))
    await configureContainerd(root, programs.runtime, limits)

    const images = join(work, 'images.tar')
    await writeControlPlaneImages(images, programs, storage, small)
    await fillImageStore(join(root, 'var', 'lib', 'containerd'), images, programs.runtime)

    const archive = join(work, 'node.tar')
    await must('tar', ['--create', '--numeric-owner', '--file', archive, '--directory', root, '.'])
    const settings = ['ENV container=docker', 'ENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]']
    await must('docker', ['import', ...settings.flatMap(line => ['--change', line]), archive, image])
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function addKindFiles(root: string, kind: string): Promise<void> {
  await must('cp', ['-RT', join(kind, 'files'), root])
  // They come from Go's module cache, which keeps no modes.
  for (const dir of ['kind', 'etc/containerd', 'etc/systemd', 'etc/sysctl.d']) await must('chmod', ['-R', 'go+rX', join(root, dir)])
  for (const program of globSync('{kind/bin,usr/local/bin}/*', { cwd: root })) chmodSync(join(root, program), 0o755)
}

function addPrograms(root: string, programs: NodePrograms): void {
  const add = (from: string, folder: string, names: string[]) => {
    mkdirSync(join(root, folder), { recursive: true })
    for (const name of names) {
      copyFileSync(join(from, name), join(root, folder, name))
      chmodSync(join(root, folder, name), 0o755)
    }
  }
  add(programs.kubernetes, 'usr/bin', ['kubeadm', 'kubelet'])
  add(programs.kubectl, 'usr/bin', ['kubectl'])
  add(programs.runtime, 'usr/local/bin', ['containerd', 'containerd-shim-runc-v2', 'ctr'])
  add(programs.runtime, 'usr/local/sbin', ['runc'])
  add(programs.runtime, 'opt/cni/bin', ['bridge', 'loopback', 'host-local', 'portmap'])
  for (const dir of ['etc/cni/net.d', 'etc/kubernetes/manifests', 'kind/manifests']) mkdirSync(join(root, dir), { recursive: true })
}

/** kind's own network plugin is not to be had as a Go module: a plain bridge serves one node, and NetworkPolicies are stored, not enforced. */
const bridgeNetwork = {
  cniVersion: '1.0.0',
  name: 'bridge',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.244.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
}

async function configureContainerd(root: string, runtime: string, limits: Limits): Promise<void> {
  const file = join(root, 'etc', 'containerd', 'config.toml')
  let config = readFileSync(file, 'utf8').replace(/registry\.k8s\.io\/pause:[0-9.]+/, pauseImage)
  if (limits.cgroup === 1) config = config.replaceAll('SystemdCgroup = true', 'SystemdCgroup = false')
  if (!limits.sysResource) config = config.replace('restrict_oom_score_adj = false', 'restrict_oom_score_adj = true')
  writeFileSync(file, config)

  // As kind's own build does: containerd's default, a hook that hides the host's product files, and no rlimits of its own.
  const spec = JSON.parse((await must(join(runtime, 'ctr'), ['oci', 'spec'])).stdout)
  delete spec.process.rlimits
  spec.hooks = { ...spec.hooks, createContainer: [...(spec.hooks?.createContainer ?? []), { path: '/kind/bin/mount-product-files.sh' }] }
  writeFileSync(join(root, 'etc', 'containerd', 'cri-base.json'), JSON.stringify(spec))
}
