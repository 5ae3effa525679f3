/** The boundary that tenants cannot cross, tried with real requests. */
import { request as send } from 'node:https'
import { expect, test } from 'vitest'
import { database, instance, user } from './objects.ts'
import { apply, becomes, get, guestOf, kubectl, listAll, maybe, ready, tenant, tryKubectl, until } from './world.ts'

test('a tenant with the edit role has its own kinds, may read the catalog, and nothing else', async () => {
  const { ns, as } = await tenant('rights')
  const may = async (...question: string[]) => (await tryKubectl(['auth', 'can-i', '--as', as, ...question])).stdout.trim().split('\n')[0]
  for (const kind of ['instances.trove.dev', 'databases.trove.dev', 'databaseusers.trove.dev']) {
    for (const verb of ['create', 'get', 'list', 'watch', 'patch', 'delete'])
      expect(await may(verb, kind, '-n', ns), `${verb} ${kind}`).toBe('yes')
    for (const verb of ['patch', 'update'])
      expect(await may(verb, kind, '--subresource=status', '-n', ns), `${verb} ${kind}/status`).toBe('no')
    expect(await may('create', kind, '-n', 'default')).toBe('no')
  }
  for (const kind of ['datastores.trove.dev', 'datastoreversions.trove.dev', 'flavors.trove.dev']) {
    for (const verb of ['get', 'list', 'watch']) expect(await may(verb, kind), `${verb} ${kind}`).toBe('yes')
    for (const verb of ['create', 'patch', 'delete']) expect(await may(verb, kind), `${verb} ${kind}`).toBe('no')
    for (const verb of ['patch', 'update']) expect(await may(verb, kind, '--subresource=status'), `${verb} ${kind}/status`).toBe('no')
  }
  for (const verb of ['patch', 'update'])
    expect(await may(verb, 'guests.trove.dev', '--subresource=status', '-n', 'trove-guests'), `${verb} guests/status`).toBe('no')
  for (const kind of ['pods', 'secrets', 'guests.trove.dev', 'persistentvolumeclaims', 'services', 'pods/exec', 'pods/log'])
    for (const verb of ['get', 'list', 'create', 'delete'])
      expect(await may(verb, kind, '-n', 'trove-guests'), `${verb} ${kind} in trove-guests`).toBe('no')
})

test('a tenant’s real requests to trove-guests and to any status are refused', async () => {
  const { ns, as } = await tenant('requests')
  await apply(instance('db', ns), database('shop', ns, 'db'), user('app', ns, 'db', { shop: 'Owner' }))
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  await ready('db', ns)
  const guest = await guestOf('db', ns)
  for (const args of [
    ['get', 'guest', guest, '-n', 'trove-guests'],
    ['get', 'secret', guest, '-n', 'trove-guests'],
    ['delete', 'pod', guest, '-n', 'trove-guests'],
    ['logs', guest, '-n', 'trove-guests'],
    ['exec', guest, '-n', 'trove-guests', '--', 'true'],
    ['patch', 'instance', 'db', '-n', ns, '--subresource=status', '--type=merge', '-p', '{"status":{"phase":"ERROR"}}'],
    ['patch', 'database', 'shop', '-n', ns, '--subresource=status', '--type=merge', '-p', '{"status":{"conditions":[]}}'],
    ['patch', 'databaseuser', 'app', '-n', ns, '--subresource=status', '--type=merge', '-p', '{"status":{"conditions":[]}}'],
    ['patch', 'flavor', 'tiny', '--subresource=status', '--type=merge', '-p', '{"status":{"conditions":[]}}'],
    ['patch', 'guest', guest, '-n', 'trove-guests', '--subresource=status', '--type=merge', '-p', '{"status":{"step":"forged"}}'],
    ['patch', 'flavor', 'tiny', '--type=merge', '-p', '{"metadata":{"labels":{"a":"b"}}}'],
  ]) {
    const { code, stderr } = await tryKubectl(['--as', as, ...args])
    expect(code, args.join(' ')).not.toBe(0)
    expect(stderr, args.join(' ')).toContain('orbidden')
  }
  const finalizer = await tryKubectl([
    'patch',
    'instance',
    'db',
    '-n',
    ns,
    '--as',
    as,
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":null}}',
  ])
  expect(finalizer.stderr).toContain('only the operator and the group trove:admins may remove finalizers')
  for (const where of ['trove-guests', 'trove-system']) {
    const { stderr } = await tryKubectl('create -f -', JSON.stringify(instance('db', where)))
    expect(stderr).toContain('belong into a namespace of your own')
  }
})

test('a guest’s token reads its own Guest and Secret and nothing else, and writes only its own status', async () => {
  const { ns } = await tenant('token')
  for (const name of ['one', 'two']) await apply(instance(name, ns), user(name, ns, name, {}))
  for (const name of ['one', 'two']) await becomes('databaseuser', name, ns, 'Ready', 'True')
  const [one, two] = [await guestOf('one', ns), await guestOf('two', ns)]
  const pod = await get('pod', one, 'trove-guests')
  const bound = (name: string, uid: string) =>
    kubectl([
      'create',
      'token',
      name,
      '-n',
      'trove-guests',
      '--bound-object-kind=Pod',
      `--bound-object-name=${name}`,
      `--bound-object-uid=${uid}`,
    ])
  const token = (await bound(one, pod.metadata.uid)).trim()
  const unbound = (await kubectl(['create', 'token', one, '-n', 'trove-guests'])).trim()
  const ask = async (bearer: string, method: string, path: string, body?: object) =>
    (await request(bearer, method, `/apis/trove.dev/v1alpha1/namespaces/trove-guests/${path}`, body)).code
  const core = async (bearer: string, path: string) => (await request(bearer, 'GET', `/api/v1/${path}`)).code
  expect(await ask(token, 'GET', `guests/${one}`)).toBe(200)
  expect(await ask(token, 'GET', `guests/${two}`)).toBe(403)
  expect(await ask(token, 'GET', 'guests')).toBe(403)
  expect(await core(token, `namespaces/trove-guests/secrets/${one}`)).toBe(200)
  for (const path of [
    `namespaces/trove-guests/secrets/${two}`,
    'namespaces/trove-guests/secrets',
    'namespaces/trove-guests/pods',
    `namespaces/${ns}/secrets`,
    'nodes',
  ])
    expect(await core(token, path), path).toBe(403)
  const status = (uid: string) => ({ status: { podUID: uid, step: 'forged' } })
  expect(await ask(token, 'PATCH', `guests/${two}/status`, status(pod.metadata.uid))).toBe(403)
  expect(await ask(token, 'PATCH', `guests/${one}/status`, status('another-pod'))).toBe(403)
  expect(await ask(unbound, 'PATCH', `guests/${one}/status`, status(pod.metadata.uid))).toBe(403)
  expect(await ask(token, 'PATCH', `guests/${one}`, { spec: { image: 'evil' } })).toBe(403)
})

/**
 * One request to the API server with nothing but a token, as a kubeconfig would lend its client certificate. Gives back the answer's code and
 * what the server said against it.
 */
async function request(bearer: string, method: string, path: string, body?: object): Promise<{ code: number; message: string }> {
  const server = (await kubectl(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}'])).trim()
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  return new Promise((resolve, reject) => {
    const req = send(
      server + path,
      // The test's own API server on loopback, whose certificate is the cluster's own.
      { method, rejectUnauthorized: false, headers: { authorization: `Bearer ${bearer}`, 'content-type': type } },
      res => {
        let text = ''
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => {
          text += chunk
        })
        res.on('error', reject)
        res.on('end', () => resolve({ code: res.statusCode ?? 0, message: (JSON.parse(text) as { message?: string }).message ?? '' }))
      },
    )
    req.on('error', reject)
    req.end(body && JSON.stringify(body))
  })
}

const labelWords = 'the operator writes only what bears its label app.kubernetes.io/managed-by=trove, before and after'
const typeWords = 'the operator writes only Secrets of type servicebinding.io/*'
const addressWords = 'the operator writes only ExternalName Services into trove-guests'
const specWords = 'the operator never changes what was asked for'

test('the operator’s own token cannot overwrite a foreign Secret or make any other kind of object for a tenant', async () => {
  const { ns } = await tenant('fence')
  const token = (await kubectl('create token trove-operator -n trove-system')).trim()
  const core = (method: string, path: string, body?: object) => request(token, method, `/api/v1/namespaces/${ns}/${path}`, body)
  const trove = (method: string, path: string, body?: object) => request(token, method, `/apis/trove.dev/v1alpha1/${path}`, body)
  const refuses = async (answer: Promise<{ code: number; message: string }>, words: string, code = 403) =>
    expect(await answer).toEqual({ code, message: expect.stringContaining(words) })

  await kubectl(['create', 'secret', 'generic', 'app-credentials', '-n', ns, '--from-literal=mine=1'])
  await kubectl(['create', 'service', 'clusterip', 'foreign', '--tcp=80', '-n', ns])
  const [secret, service] = [await get('secret', 'app-credentials', ns), await get('service', 'foreign', ns)]
  const ours = { 'app.kubernetes.io/managed-by': 'trove' }
  const forged = { metadata: { labels: ours }, data: { mine: null } }
  await refuses(core('PATCH', 'secrets/app-credentials', forged), labelWords)
  await refuses(core('PUT', 'secrets/app-credentials', { ...secret, ...forged }), 'cannot update resource "secrets"')
  await refuses(core('DELETE', 'secrets/app-credentials'), labelWords)
  await refuses(core('PATCH', 'services/foreign', { metadata: { labels: ours } }), labelWords)
  await refuses(core('DELETE', 'services/foreign'), labelWords)
  await refuses(core('GET', 'secrets'), 'cannot list resource "secrets"')

  const made = (kind: string, name: string, labels: object, rest: object) => ({
    apiVersion: 'v1',
    kind,
    metadata: { name, labels },
    ...rest,
  })
  await refuses(core('POST', 'secrets', made('Secret', 'other', {}, { type: 'servicebinding.io/postgresql' })), labelWords)
  await refuses(core('POST', 'secrets', made('Secret', 'other', ours, { type: 'Opaque' })), typeWords)
  expect(await core('POST', 'secrets', made('Secret', 'bound', ours, { type: 'servicebinding.io/postgresql' }))).toMatchObject({
    code: 201,
  })
  const containers = [{ name: 'a', image: 'x' }]
  await refuses(core('POST', 'pods', made('Pod', 'pod', ours, { spec: { containers } })), 'cannot create resource "pods"')
  const lead = (externalName: string) =>
    core('POST', 'services', made('Service', 'led', ours, { spec: { type: 'ExternalName', externalName } }))
  for (const elsewhere of ['elsewhere.example', 'a.trove-guests.svc.elsewhere.example', 'a.b.trove-guests.svc.cluster.local'])
    await refuses(lead(elsewhere), addressWords)
  await refuses(core('POST', 'services', made('Service', 'led', ours, { spec: { ports: [{ port: 80 }] } })), addressWords)
  expect(await lead('a.trove-guests.svc.cluster.local')).toMatchObject({ code: 201 })
  await refuses(core('PATCH', 'services/led', { spec: { externalName: 'elsewhere.example' } }), addressWords)
  await refuses(core('PATCH', 'services/led', { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } }), labelWords)

  // Fields that the schema lets nobody change are refused by it, before any policy is asked.
  await refuses(trove('PATCH', 'flavors/tiny', { spec: { cpu: '3' } }), 'cannot be changed once set', 422)
  await apply(instance('mine', ns), database('shop', ns, 'mine'), user('app', ns, 'mine', { shop: 'Owner' }))
  for (const [path, spec] of [
    ['instances/mine', { deletionPolicy: 'Retain' }],
    ['databases/shop', { deletionPolicy: 'Delete' }],
    ['databaseusers/app', { access: [] }],
  ] as const)
    await refuses(trove('PATCH', `namespaces/${ns}/${path}`, { spec }), specWords)
  await refuses(trove('DELETE', `namespaces/${ns}/instances/mine`), 'cannot delete resource "instances"')

  expect((await get('secret', 'app-credentials', ns)).data).toEqual(secret.data)
  expect((await get('service', 'foreign', ns)).spec).toEqual(service.spec)
})

test('a foreign Service or Secret that bears the name we need stays untouched, and frees its owner by going away', async () => {
  const { ns } = await tenant('taken')
  await apply(
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'db', namespace: ns }, spec: { ports: [{ port: 80 }] } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'app-credentials', namespace: ns }, stringData: { mine: '1' } },
    instance('db', ns),
    database('shop', ns, 'db'),
    user('app', ns, 'db', { shop: 'Owner' }),
  )
  await becomes('instance', 'db', ns, 'Stalled', 'NameTaken')
  expect((await get('service', 'db', ns)).spec.type).toBe('ClusterIP')
  await kubectl(['delete', 'service', 'db', '-n', ns])
  await ready('db', ns)
  await becomes('databaseuser', 'app', ns, 'Stalled', 'NameTaken')
  expect((await get('secret', 'app-credentials', ns)).data).toEqual({ mine: Buffer.from('1').toString('base64') })
  await kubectl(['delete', 'secret', 'app-credentials', '-n', ns])
  await becomes('databaseuser', 'app', ns, 'Ready', 'True', 60_000)
})

test('a Service and a binding Secret that a tenant deleted return with the same password', async () => {
  const { ns, as } = await tenant('returns')
  await apply(instance('db', ns), database('shop', ns, 'db'), user('app', ns, 'db', { shop: 'Owner' }))
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  const before = (await get('secret', 'app-credentials', ns)).data
  await kubectl(['delete', 'service/db', 'secret/app-credentials', '-n', ns, '--as', as])
  await until('the Service is back', () => maybe('service', 'db', ns), 10_000)
  const after = await until('the Secret is back', () => maybe('secret', 'app-credentials', ns), 120_000)
  expect(after.data).toEqual(before)
})

test('isolation on the pod network is declared for every guest', async () => {
  const { ns } = await tenant('network')
  await apply(instance('db', ns, { access: { allowedCidrs: ['10.9.0.0/16'] } }))
  await ready('db', ns)
  const [policy] = await listAll('networkpolicies', 'trove-guests', `trove.dev/tenant=${ns}`)
  expect(policy?.spec.policyTypes.toSorted()).toEqual(['Egress', 'Ingress'])
  expect(policy?.spec.ingress).toEqual([
    {
      from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': ns } } }, { ipBlock: { cidr: '10.9.0.0/16' } }],
      ports: [{ protocol: 'TCP', port: 5432 }],
    },
  ])
  expect(JSON.stringify(policy?.spec.egress)).toContain('"except":["169.254.0.0/16"]')
  console.log('UNVERIFIED: isolation on the pod network. The policies are there; whether the cluster enforces them is not asked.')
})

test('both of our namespaces are under PSS restricted', async () => {
  for (const name of ['trove-system', 'trove-guests'])
    expect((await get('namespace', name)).metadata.labels?.['pod-security.kubernetes.io/enforce']).toBe('restricted')
})
