import { expect, test } from 'vitest'
import { operatorEngines } from '../../engines/operator-engines.ts'
import { aGuest, engine } from '../examples.ts'
import { annotations } from '../names.ts'
import { restartOf } from './observed.ts'
import { buildPod } from './pod.ts'

const settings = { agentImage: 'agent:1', launcher: 'echo $$ $HOME $(pwd)\n' }
const pod = (guest = aGuest(), s = settings, restart?: string) => buildPod(guest, engine, s, restart)
const template = (p: ReturnType<typeof pod>) => p.metadata.annotations?.[annotations.template]

test('the launcher reaches the shell as it is: Kubernetes reads $$ as $', () => {
  expect(pod().spec?.containers[0]?.command).toEqual(['sh', '-c', 'echo $$$$ $HOME $(pwd)\n'])
})

test('only the agent has a token, and neither may gain rights', () => {
  const { initContainers, containers, automountServiceAccountToken, volumes } = pod().spec!
  expect(automountServiceAccountToken).toBe(false)
  expect(initContainers?.[0]?.volumeMounts?.map(m => m.name)).toContain('token')
  expect(containers[0]?.volumeMounts?.map(m => m.name)).not.toContain('token')
  for (const c of [...initContainers!, ...containers]) {
    expect(c.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  }
  for (const v of volumes!) if (v.emptyDir) expect(v.emptyDir.sizeLimit).toBeDefined()
})

test.each(Object.values(operatorEngines))('$engine and its agent run as the user that its image has for it', of => {
  const { securityContext, initContainers, containers } = buildPod(aGuest(), of, settings).spec!
  const { uid, gid } = of.user
  expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: uid, runAsGroup: gid, fsGroup: gid })
  for (const c of [...initContainers!, ...containers]) {
    expect(c.securityContext?.runAsUser).toBeUndefined()
    expect(c.securityContext?.runAsGroup).toBeUndefined()
  }
})

test('nothing but the agent ever ends an engine', () => {
  const database = pod().spec?.containers[0]
  expect(database?.readinessProbe?.tcpSocket).toEqual({ port: 5432 })
  expect(database?.livenessProbe).toBeUndefined()
  expect(database?.startupProbe).toBeUndefined()
})

test('the template’s hash is the same for another agent or image, and another for another launcher', () => {
  expect(template(pod(aGuest(), { ...settings, agentImage: 'agent:2' }))).toBe(template(pod()))
  expect(template(pod(aGuest(), settings, 't'))).toBe(template(pod()))
  expect(template(pod(aGuest({ image: 'pg:18', imagePullSecrets: ['s'] })))).toBe(template(pod()))
  expect(template(pod(aGuest(), { ...settings, launcher: 'other' }))).not.toBe(template(pod()))
})

test('it is made for the restart that was asked for, in the Guest’s zone', () => {
  const made = pod(aGuest({ availabilityZone: 'z' }), settings, 't')
  expect(restartOf(made)).toBe('t')
  expect(made.spec?.nodeSelector).toEqual({ 'topology.kubernetes.io/zone': 'z' })
})
