import { expect, test } from 'vitest'
import { namesFor, thisCheckout } from './names.ts'

test('the two clusters of a checkout share its hash and differ in all else', () => {
  const demo = namesFor('/home/ann/trove', 'demo')
  const forTests = namesFor('/home/ann/trove', 'test')
  expect(demo.cluster).toMatch(/^trove-[0-9a-f]{8}-demo$/)
  expect(forTests.cluster).toBe(demo.cluster.replace('-demo', '-test'))
  expect(forTests.preferredPort).toBe(demo.preferredPort + 1)
  expect(forTests.kubeconfig).toBe('/home/ann/trove/.trove/test/kubeconfig')
})

test('two checkouts have different clusters', () => {
  expect(namesFor('/home/ann/trove', 'demo').cluster).not.toBe(namesFor('/home/ann/trove2', 'demo').cluster)
})

test('names and ports are the same at every run', () => {
  expect(namesFor('/home/ann/trove', 'demo')).toEqual(namesFor('/home/ann/trove', 'demo'))
})

test('ports stay between the privileged ones and the NodePort range', () => {
  for (let n = 0; n < 500; n++) {
    const port = namesFor(`/checkout/${n}`, n % 2 === 0 ? 'demo' : 'test').preferredPort
    expect(port).toBeGreaterThanOrEqual(20_000)
    expect(port).toBeLessThan(30_000)
  }
})

test('a node is named as kind names the control plane of a cluster', () => {
  expect(namesFor('/a', 'demo').node).toBe(`${namesFor('/a', 'demo').cluster}-control-plane`)
})

test('this checkout is the folder that holds package.json', async () => {
  await expect(import(`${thisCheckout()}/package.json`, { with: { type: 'json' } })).resolves.toMatchObject({ default: { private: true } })
})
