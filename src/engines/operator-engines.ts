/** The engines of this operator, by name: one line per engine. */
import type { EngineName } from '../api/datastore.ts'
import { mariadb, mysql, percona } from './mysql/operator.ts'
import type { OperatorEngine } from './operator-engine.ts'
import { postgresql } from './postgresql/operator.ts'
import { redis, valkey } from './redis/operator.ts'

export const operatorEngines: Record<EngineName, OperatorEngine> = { postgresql, mysql, mariadb, percona, redis, valkey }
