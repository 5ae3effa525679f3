/** A pod as a product team would run one: in its own namespace, under PSS restricted, with the binding Secret mounted as files. */

export interface TenantPod {
  name: string
  namespace: string
  image: string
  /** The binding Secret of a DatabaseUser. */
  secret: string
  /** POSIX sh; PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE are set from the binding, as libpq reads them. */
  script: string
}

const bindingToLibpq = ['host', 'port', 'user', 'password', 'database'].map(
  key => `export PG${key.toUpperCase()}="$(cat /binding/${key === 'user' ? 'username' : key})"`,
)

export function tenantPod(pod: TenantPod): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod.name, namespace: pod.namespace },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'app',
          image: pod.image,
          command: ['sh', '-c', [...bindingToLibpq, pod.script].join('\n')],
          volumeMounts: [{ name: 'binding', mountPath: '/binding', readOnly: true }],
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        },
      ],
      volumes: [{ name: 'binding', secret: { secretName: pod.secret, defaultMode: 0o444 } }],
    },
  }
}
