import * as yaml from 'js-yaml'
import { expect, test } from 'vitest'
import { type ClusterShape, kindConfig } from './kind-config.ts'

const shape: ClusterShape = {
  route: 'stock',
  image: 'node:1',
  apiPort: 21_000,
  cgroup: 2,
  auditDir: '/state/audit',
  auditPolicy: '/src/policy.yaml',
}

interface Parsed {
  networking: Record<string, unknown>
  nodes: { extraMounts: { hostPath: string; containerPath: string }[] }[]
  kubeadmConfigPatches: string[]
}
const parse = (over: Partial<ClusterShape>) => yaml.load(kindConfig({ ...shape, ...over })) as Parsed
const patches = (over: Partial<ClusterShape>) => parse(over).kubeadmConfigPatches.map(patch => yaml.load(patch) as Record<string, unknown>)

test('the API is published on the loopback address only', () => {
  expect(parse({}).networking).toEqual({ apiServerAddress: '127.0.0.1', apiServerPort: 21_000 })
})

test('the built image brings its own network, the stock one uses kind’s', () => {
  expect(parse({ route: 'built' }).networking).toMatchObject({ disableDefaultCNI: true })
  expect(parse({ route: 'stock' }).networking).not.toHaveProperty('disableDefaultCNI')
})

test('every path that the API server is given for auditing is mounted in the node and in its pod', () => {
  const mounted = parse({}).nodes[0]!.extraMounts.map(mount => mount.containerPath)
  const api = patches({}).find(patch => patch.kind === 'ClusterConfiguration')!.apiServer as {
    extraArgs: { name: string; value: string }[]
    extraVolumes: { hostPath: string; mountPath: string }[]
  }
  expect(api.extraVolumes.map(volume => volume.hostPath).toSorted()).toEqual(mounted.toSorted())
  const paths = api.extraArgs.map(arg => arg.value).filter(value => value.startsWith('/'))
  expect(paths).toHaveLength(2)
  for (const path of paths) expect(api.extraVolumes.some(volume => path.startsWith(volume.mountPath))).toBe(true)
})

test('the kubelet is told about cgroup v1 only where it is met', () => {
  expect(patches({ cgroup: 2, route: 'built' })).toHaveLength(1)
  expect(patches({ cgroup: 1, route: 'stock' })[1]).toEqual({ kind: 'KubeletConfiguration', failCgroupV1: false })
  expect(patches({ cgroup: 1, route: 'built' })[1]).toMatchObject({ failCgroupV1: false, cgroupDriver: 'cgroupfs' })
})
