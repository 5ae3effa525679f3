import { expect, test } from 'vitest'
import type { Machine } from './machine.ts'
import { isAtLeast, planEngine, planNode } from './route.ts'

const bareDebian: Machine = {
  linux: true,
  root: true,
  debian: 12,
  dockerClient: false,
  dockerDaemon: false,
  engineAnswers: false,
  go: '1.26.8',
  pinnedKind: undefined,
  pinnedKubectl: undefined,
}
const laptop: Machine = { ...bareDebian, linux: false, root: false, debian: undefined, dockerClient: true, engineAnswers: true }

test.each([
  ['an engine that answers is used, whoever we are', laptop, { do: 'use' }],
  ['root on Debian installs and starts one', bareDebian, { do: 'start', packages: ['docker.io', 'iptables'] }],
  [
    'a client without an engine is not taken for one',
    { ...bareDebian, dockerClient: true },
    { do: 'start', packages: ['docker.io', 'iptables'] },
  ],
  [
    'an installed engine is only started',
    { ...bareDebian, dockerDaemon: true, dockerClient: true },
    { do: 'start', packages: ['iptables'] },
  ],
  [
    'Debian 13 has the client in another package',
    { ...bareDebian, debian: 13 },
    { do: 'start', packages: ['docker.io', 'iptables', 'docker-cli'] },
  ],
  ['without root nothing is started', { ...bareDebian, root: false }, { do: 'refuse', missing: 'a Docker engine' }],
  [
    'an engine that is down is told from a missing one',
    { ...laptop, engineAnswers: false },
    { do: 'refuse', missing: expect.stringContaining('answers') },
  ],
])('%s', (_, machine, plan) => expect(planEngine(machine)).toMatchObject(plan))

test.each([
  ['with a registry the stock image is used', laptop, true, { do: 'go', route: 'stock', packages: [] }],
  [
    'with a registry and both pinned programs Go is not needed',
    { ...laptop, go: undefined, pinnedKind: '/bin/kind', pinnedKubectl: '/bin/kubectl' },
    true,
    { do: 'go', route: 'stock' },
  ],
  [
    'with a registry but no kubectl and no Go both ways out are named',
    { ...laptop, go: undefined, pinnedKind: '/bin/kind' },
    true,
    {
      do: 'refuse',
      missing: 'kubectl in the pinned version, or Go to build it',
      remedy: expect.stringMatching(/install Go .*versions\.ts/),
    },
  ],
  ['without a registry root on Debian with Go builds the node', bareDebian, false, { do: 'go', route: 'built' }],
  [
    'without a registry an old Go is named with its version',
    { ...bareDebian, go: '1.24.0' },
    false,
    { do: 'refuse', missing: expect.stringContaining('(this is 1.24.0)'), remedy: expect.stringContaining('https://go.dev/dl/') },
  ],
  [
    'without a registry, root and Debian all that is missing is said at once',
    { ...laptop, go: undefined },
    false,
    {
      do: 'refuse',
      missing: expect.stringMatching(/docker\.io.*Debian with apt-get, root, Go/),
      remedy: expect.stringContaining('run this as root on Debian'),
    },
  ],
])('%s', (_, machine, registry, plan) => expect(planNode(machine, registry)).toMatchObject(plan))

test.each([
  ['1.26.8', '1.26.6', true],
  ['1.26.6', '1.26.6', true],
  ['1.26', '1.26.6', false],
  ['1.27rc1', '1.26.6', true],
  ['1.9.9', '1.26.0', false],
  ['2.0', '1.26.6', true],
])('Go %s against a minimum of %s: %s', (version, minimum, answer) => expect(isAtLeast(version, minimum)).toBe(answer))
