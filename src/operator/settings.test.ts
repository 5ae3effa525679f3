import { expect, test } from 'vitest'
import { parseSettings } from './settings.ts'

const least = { TROVE_AGENT_IMAGE: 'trove:1', POD_UID: 'u1', KUBERNETES_SERVICE_HOST: '10.96.0.1' }

test('the agent image and the API server are all that must be given', () => {
  expect(parseSettings(least)).toMatchObject({
    guestsNamespace: 'trove-guests',
    clusterDomain: 'cluster.local',
    bindingResyncMs: 300_000,
    agentRollMs: 120_000,
    leaderElection: true,
    access: { host: '10.96.0.1', port: '443' },
  })
})

test('a kubeconfig goes before the pod’s own account', () => {
  expect(parseSettings({ ...least, KUBECONFIG: '/k' }).access).toEqual({ kubeconfig: '/k' })
})

test.each([
  ['TROVE_BINDING_RESYNC_SECONDS', { ...least, TROVE_BINDING_RESYNC_SECONDS: 'soon' }],
  ['TROVE_AGENT_ROLL_SECONDS', { ...least, TROVE_AGENT_ROLL_SECONDS: '0' }],
  ['TROVE_LEADER_ELECTION', { ...least, TROVE_LEADER_ELECTION: 'maybe' }],
  ['TROVE_AGENT_IMAGE', { KUBERNETES_SERVICE_HOST: 'x' }],
  ['POD_UID', { TROVE_AGENT_IMAGE: 'trove:1', KUBERNETES_SERVICE_HOST: 'x' }],
  ['KUBECONFIG', { POD_UID: 'u1', TROVE_AGENT_IMAGE: 'trove:1' }],
])('a wrong or missing %s is named', (name, env) => expect(() => parseSettings(env)).toThrow(name))
