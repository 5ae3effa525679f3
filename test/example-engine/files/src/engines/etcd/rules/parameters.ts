/**
 * What the parameters of etcd are. etcd has no catalogue that could be asked: etcd-3.5.json is written by hand after `etcd --help`, and whatever
 * is not in it cannot be set.
 */
import { catalogues } from '../../parameters/catalogue.ts'
import type { Notation } from '../../parameters/rule.ts'
import { owned } from '../owned-parameters.ts'
import etcd3_5 from './etcd-3.5.json' with { type: 'json' }

const notation: Notation = {
  name: written => written,
  on: 'true',
  off: 'false',
  separator: ',',
  keepsUnits: false,
  units: () => undefined,
}

export const etcdParameters = catalogues('etcd', { '3.5': etcd3_5 }, { notation, owned, durable: [], memory: [] })
