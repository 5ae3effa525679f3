/** The cluster's definition for kind: one node, an audit log that the host can read, and what an old kernel needs. Pure. */
import * as yaml from 'js-yaml'
import type { Route } from './route.ts'

export interface ClusterShape {
  route: Route
  image: string
  apiPort: number
  cgroup: 1 | 2
  /** Folders of the host. */
  auditDir: string
  auditPolicy: string
}

const inNode = { policy: '/etc/kubernetes/audit-policy.yaml', logs: '/var/log/kubernetes-audit' }

export function kindConfig(shape: ClusterShape): string {
  return yaml.dump({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    networking: {
      apiServerAddress: '127.0.0.1',
      apiServerPort: shape.apiPort,
      // Our node image brings a bridge of its own; kind's image brings kindnet, which enforces NetworkPolicies.
      ...(shape.route === 'built' ? { disableDefaultCNI: true } : {}),
    },
    nodes: [
      {
        role: 'control-plane',
        image: shape.image,
        extraMounts: [
          { hostPath: shape.auditPolicy, containerPath: inNode.policy, readOnly: true },
          { hostPath: shape.auditDir, containerPath: inNode.logs },
        ],
      },
    ],
    kubeadmConfigPatches: [auditPatch(), ...kubeletPatches(shape)],
  })
}

function auditPatch(): string {
  const flags = { path: `${inNode.logs}/audit.log`, maxsize: '200', maxbackup: '2', format: 'json' }
  return yaml.dump({
    kind: 'ClusterConfiguration',
    apiServer: {
      extraArgs: [
        { name: 'audit-policy-file', value: inNode.policy },
        ...Object.entries(flags).map(([name, value]) => ({ name: `audit-log-${name}`, value })),
      ],
      extraVolumes: [
        { name: 'audit-policy', hostPath: inNode.policy, mountPath: inNode.policy, readOnly: true, pathType: 'File' },
        { name: 'audit-logs', hostPath: inNode.logs, mountPath: inNode.logs, readOnly: false, pathType: 'Directory' },
      ],
    },
  })
}

/** Kubernetes 1.36 refuses cgroup v1 unless told otherwise; our own image drives it without systemd, as its containerd does. */
function kubeletPatches(shape: ClusterShape): string[] {
  if (shape.cgroup === 2) return []
  const driver = shape.route === 'built' ? { cgroupDriver: 'cgroupfs', cgroupRoot: '' } : {}
  return [yaml.dump({ kind: 'KubeletConfiguration', failCgroupV1: false, ...driver })]
}
