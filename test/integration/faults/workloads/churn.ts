import { active, aDatabase, all, anInstance, aUser, condition, gone, ready, type Stage } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** Databases and users come, change and go while the Instance runs. */
export const churn: Workload = {
  name: 'churn',
  given: [
    {
      does: 'an Instance with two databases and two users is applied',
      act: stage =>
        stage.make(
          anInstance(stage, 'web'),
          aDatabase(stage, 'shop', 'web', { deletionPolicy: 'Delete' }),
          aDatabase(stage, 'books', 'web'),
          aUser(stage, 'app', 'web', { access: [{ database: 'shop', privilege: 'Owner' }] }),
          aUser(stage, 'job', 'web', { access: [{ database: 'books', privilege: 'ReadOnly' }] }),
        ),
      until: all(
        active('web'),
        ready('databases', 'shop'),
        ready('databases', 'books'),
        ready('databaseusers', 'app'),
        ready('databaseusers', 'job'),
      ),
    },
  ],
  steps: [
    {
      does: 'one user gets a new password, the other more rights',
      async act(stage) {
        await stage.change('databaseusers', 'app', { spec: { passwordGeneration: 2 } })
        await stage.change('databaseusers', 'job', { spec: { access: [{ database: 'books', privilege: 'ReadWrite' }] } })
      },
      until: all(ready('databaseusers', 'app'), ready('databaseusers', 'job'), oldPasswordIsGone),
    },
    {
      does: 'one user is deleted, and a database is dropped',
      async act(stage) {
        await stage.remove('databaseusers', 'job')
        await stage.remove('databases', 'shop')
      },
      until: all(gone('databaseusers', 'job'), gone('databases', 'shop'), active('web'), speaksOfTwo),
    },
    {
      does: 'the user comes back under its old name, and a kept database is let go',
      async act(stage) {
        await stage.make(aUser(stage, 'job', 'web'))
        await stage.remove('databases', 'books')
      },
      until: all(ready('databaseusers', 'job'), gone('databases', 'books'), active('web'), waitsForTheDatabase),
    },
  ],
}

/** The key of the first password is out of the guest's Secret. */
function oldPasswordIsGone({ view, guests }: Stage): boolean {
  return view.list('secrets').some(s => s.metadata.namespace === guests && Object.keys(s.data ?? {}).length === 2)
}

/** What went is no longer spoken of: left are the user whose database is gone, and the other database. */
function speaksOfTwo({ view }: Stage): boolean {
  const spec = view.list('guests')[0]?.spec as { users?: unknown[]; databases?: unknown[] } | undefined
  return (
    spec?.users?.length === 1 &&
    spec.databases?.length === 1 &&
    Object.keys(view.list('secrets').find(s => s.type === 'Opaque')?.data ?? {}).length === 1
  )
}

/** The user whose rights are on the dropped database says so. */
function waitsForTheDatabase({ view, tenant }: Stage): boolean {
  return condition(view.get('databaseusers', 'app', tenant), 'Ready')?.reason === 'DatabaseNotFound'
}
