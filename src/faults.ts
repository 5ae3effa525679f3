/** The registry behind src/errors.ts: one entry per fault. Add one here and the docs table and the check that a test names it follow. */
import type { FaultEntry } from './errors.ts'

const entry = <P>(e: FaultEntry<P>): FaultEntry<P> => e

export const faults = {
  // Catalog references of an Instance
  DatastoreNotFound: entry<{ datastore: string }>({
    says: p => `there is no Datastore "${p.datastore}", or it is being deleted`,
    advice:
      'See `kubectl get datastores` for what this cluster offers. This heals by itself once the Datastore exists; if the name is a slip, delete the object that says it and create it anew, for its datastore cannot be changed',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: false,
    mayYetCome: true,
  }),
  DatastoreVersionNotFound: entry<{ datastore: string; version: string }>({
    says: p => `Datastore "${p.datastore}" has no version "${p.version}"`,
    advice:
      'See `kubectl get datastoreversions`; this heals by itself once the version exists, or state another version. What runs already runs on as it is',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: false,
    mayYetCome: true,
  }),
  DatastoreVersionInactive: entry<{ datastore: string; version: string }>({
    says: p => `version "${p.version}" of Datastore "${p.datastore}" is not active, so no Instance may take it up`,
    advice: 'Choose an active version (`kubectl get datastoreversions`) or ask the platform team to activate this one',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: false,
  }),
  DatastoreVersionAmbiguous: entry<{ datastore: string; version: string; first: string; second: string }>({
    says: p => `DatastoreVersions "${p.first}" and "${p.second}" both claim version "${p.version}" of Datastore "${p.datastore}"`,
    advice: 'The older one is in force; delete the younger one',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  NoDefaultVersion: entry<{ datastore: string }>({
    says: p => `the Instance states no version and Datastore "${p.datastore}" has no default version`,
    advice: 'State spec.datastore.version, or ask the platform team to set the default version of the Datastore',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  FlavorNotFound: entry<{ flavor: string }>({
    says: p => `there is no Flavor "${p.flavor}", or it is being deleted`,
    advice:
      'See `kubectl get flavors` for what this cluster offers. This heals by itself once the Flavor exists; if the name is a slip, delete the Instance and create it anew, for its flavor cannot be changed',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: false,
    mayYetCome: true,
  }),
  FlavorNotAllowed: entry<{ flavor: string; datastore: string; version: string; allowed: string }>({
    says: p => `Flavor "${p.flavor}" is not allowed for ${p.datastore} ${p.version}, which allows ${p.allowed}`,
    advice:
      'If it was to be created, delete the Instance and create it with an allowed Flavor; if its version was to change, state the old version again: it runs on with that',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  FlavorTooSmall: entry<{ flavor: string; needs: string }>({
    says: p => `Flavor "${p.flavor}" is too small for this engine, which needs at least ${p.needs} of memory`,
    advice:
      'If it was to be created, delete the Instance and create it with a larger Flavor; if its version was to change, state the old version again: it runs on with that',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  VolumeTooLarge: entry<{ size: string; max: string }>({
    says: p => `the volume of ${p.size} is larger than the ${p.max} that this version allows`,
    advice:
      'If the Instance has no volume yet, delete it and create it with a smaller one; if it was to grow, give back the old size; if its version was to change, state the old version again',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  VersionChangeWaits: entry<{ to: string; why: string }>({
    says: p => `version ${p.to} does not come: ${p.why}`,
    advice: 'The database runs on with the version that it has',
    shows: 'condition',
    provokedIn: 'unit',
    heals: false,
  }),
  VersionChangeNotAllowed: entry<{ datastore: string; from: string; to: string; allowed: string }>({
    says: p =>
      `version ${p.to} of Datastore "${p.datastore}" takes over Instances of ${p.allowed}, and this one is of version ${p.from}, with which it runs on`,
    advice:
      'State the version that it has, go by a version between them, or ask the platform team to add it to upgradeFrom of the DatastoreVersion',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  UpgradeImpossible: entry<{ engine: string; from: string; to: string; why: string }>({
    says: p => `${p.engine} cannot be taken from version ${p.from} to ${p.to} on the same volume: ${p.why}`,
    advice:
      'An Instance that asks for it runs on as it is: state the version that it has; a DatastoreVersion that offers it is put right in upgradeFrom',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  DowngradeImpossible: entry<{ from: string; to: string }>({
    says: p => `the data is of version ${p.from}, on which version ${p.to} would not start; the Instance keeps ${p.from}`,
    advice:
      'State that version again; to have the older one, make a new Instance of it and load a dump of the data, or a backup from before, into that',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  UpgradeSlow: entry<{ minutes: number }>({
    says: p => `the engine runs with the new version, but its own upgrade of the data has not come to its end in ${p.minutes} min`,
    advice: 'It is left to finish. It may be waiting for a session that holds a table: let the application end its long transactions',
    shows: 'phase ERROR',
    provokedIn: 'unit',
    heals: true,
  }),
  UpgradeFailed: entry<{ log: string }>({
    says: p => `the engine runs with the new version, but its own upgrade of the data did not come to its end: ${p.log}`,
    advice: 'It is tried again by itself, at most every 60 s; the message is the engine’s own',
    shows: 'phase ERROR',
    provokedIn: 'unit',
    heals: true,
  }),
  FieldImmutable: entry<{ field: string }>({
    says: p => `${p.field} cannot be changed once set`,
    advice: 'Give back the old value, or delete the object and create it anew',
    shows: 'refused at apply',
    provokedIn: 'integration',
    heals: false,
  }),
  NameInvalid: entry<{ name: string }>({
    says: p => `"${p.name}" cannot be the name of an Instance`,
    advice: 'Use at most 50 lower-case letters, digits and hyphens, beginning with a letter and without dots',
    shows: 'refused at apply',
    provokedIn: 'integration',
    heals: false,
  }),
  VolumeInvalid: entry<{ size: string }>({
    says: p => `a volume of "${p.size}" is not possible`,
    advice: 'Give a quantity of at least 256Mi, for example 10Gi; a number without a unit is bytes',
    shows: 'refused at apply',
    provokedIn: 'integration',
    heals: false,
  }),
  VolumeShrink: entry<{ from: string; to: string }>({
    says: p => `a volume may only grow, not go from ${p.from} to ${p.to}`,
    advice: 'Give back the old size; if no volume has been made yet, delete the Instance and create it with a smaller one',
    shows: 'refused at apply',
    provokedIn: 'integration',
    heals: false,
  }),
  VolumeNotExpandable: entry<{ from: string; to: string; storageClass: string }>({
    says: p => `the volume cannot grow from ${p.from} to ${p.to}: StorageClass "${p.storageClass}" does not allow volume expansion`,
    advice: 'Give back the old size, or ask the platform team for a StorageClass with allowVolumeExpansion; the database runs on meanwhile',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: false,
  }),
  VolumeGrowthRefused: entry<{ to: string; why: string }>({
    says: p => `the API server refused to grow the volume to ${p.to}: ${p.why}`,
    advice: 'Give back the old size, or ask the platform team to check the quota of the guests namespace; the database runs on meanwhile',
    shows: 'condition',
    provokedIn: 'integration',
    heals: true,
  }),

  // What stands in the way in a namespace
  NameTaken: entry<{ kind: string; name: string; owner: string }>({
    says: p => `${p.kind} "${p.name}" is already there and belongs to ${p.owner}, so it was not touched`,
    advice:
      'Use another name, in a new object if it cannot be changed; or delete what is there, and this heals by itself once the name is free',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: false,
  }),
  NameCollision: entry<{ kind: string; name: string }>({
    says: p =>
      `${p.kind} "${p.name}" in the guests' namespace does not bear this Instance's UID (label trove.dev/instance-uid), so it was not adopted`,
    advice: 'Ask the platform team whose it is: if somebody took the label off, put it back; if it is a stranger, remove it',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  NamespaceTerminating: entry<{ namespace: string }>({
    says: p => `namespace "${p.namespace}" is being deleted and takes nothing new`,
    advice: 'Nothing is to be done: the Instance goes with its namespace',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),

  // Provisioning: each step that can hang, and why
  Provisioning: entry<{ step: string }>({
    says: p => `provisioning: ${p.step}`,
    advice: 'Nothing is to be done',
    shows: 'condition',
    provokedIn: 'unit',
    heals: true,
  }),
  VolumeUnbound: entry<{ claim: string; why: string }>({
    says: p => `the volume claim "${p.claim}" is not bound: ${p.why}`,
    advice:
      'Ask the platform team whether the StorageClass exists and has room for the size asked for; this heals by itself once the volume is bound. If the class or the size is a slip, delete the Instance and create it anew',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: true,
  }),
  VolumeInUse: entry<{ why: string }>({
    says: p => `another pod uses this Instance's volume: ${p.why}`,
    advice: 'This heals by itself once that pod is gone',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: true,
  }),
  PodUnschedulable: entry<{ why: string }>({
    says: p => `no node takes the pod: ${p.why}`,
    advice:
      'Add capacity or uncordon a node, and this heals by itself; or, if the Instance has no data yet, delete it and create it with a smaller Flavor or in another availability zone',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: true,
  }),
  PodRefused: entry<{ why: string }>({
    says: p => `the API server refused the pod: ${p.why}`,
    advice: 'Ask the platform team to check quotas and admission policies of the guests namespace',
    shows: 'condition',
    provokedIn: 'integration',
    heals: true,
  }),
  ObjectRefused: entry<{ kind: string; name: string; why: string }>({
    says: p => `the API server refused ${p.kind} "${p.name}": ${p.why}`,
    advice: 'Check quotas and admission policies of the namespace; this heals by itself once it is accepted',
    shows: 'condition',
    provokedIn: 'integration',
    heals: true,
  }),
  ImagePullFailed: entry<{ image: string; why: string }>({
    says: p => `image "${p.image}" cannot be pulled: ${p.why}`,
    advice:
      'Check the registry, the image in the DatastoreVersion and its pull secrets; pulling is tried again by itself, and what is put right in the DatastoreVersion is taken up at the next restart (spec.restartRequestedAt)',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: true,
  }),
  ContainerFailed: entry<{ container: string; why: string }>({
    says: p => `container "${p.container}" does not start: ${p.why}`,
    advice:
      'Check that the image in the DatastoreVersion is one of this engine; `kubectl describe` on the pod tells the platform team more',
    shows: 'condition',
    provokedIn: 'integration',
    heals: true,
  }),
  OutOfMemory: entry<{ container: string }>({
    says: p => `container "${p.container}" needed more memory than it has, and was killed`,
    advice:
      'The cluster starts it again by itself, at most 5 minutes apart; ask less of the database at a time, or move to an Instance with a larger Flavor',
    shows: 'condition',
    provokedIn: 'unit',
    heals: true,
  }),
  PodTerminating: entry<{ pod: string }>({
    says: p => `pod "${p.pod}" is ending; a new one follows when it is gone`,
    advice: 'Nothing is to be done',
    shows: 'condition',
    provokedIn: 'unit',
    heals: true,
  }),
  NodeLost: entry<{ node: string; pod: string }>({
    says: p => `node "${p.node}" does not answer, so pod "${p.pod}" cannot be confirmed as stopped and is not replaced`,
    advice:
      'If the node is gone for good, delete the Node object, or taint it with node.kubernetes.io/out-of-service; never force-delete the pod while its machine may still run',
    shows: 'condition',
    provokedIn: 'integration',
    heals: true,
  }),
  PodLost: entry<{ why: string }>({
    says: p => `the pod is gone (${p.why}) and is being made again`,
    advice: 'Nothing is to be done: the same volume is used',
    shows: 'condition',
    provokedIn: 'unit',
    heals: true,
  }),

  // The volume's rules
  VolumeLost: entry<{ why: string }>({
    says: p => `the data volume is lost: ${p.why}. It is never initialised anew`,
    advice: 'Put the volume back if you can; otherwise delete the Instance and create it anew',
    shows: 'phase ERROR',
    provokedIn: 'e2e',
    heals: false,
  }),
  VolumeNotWritable: entry<{ why: string }>({
    says: p => `the data volume cannot be written: ${p.why}`,
    advice: 'Check that the StorageClass honours fsGroup and that the volume is not mounted read-only; this heals by itself',
    shows: 'phase ERROR',
    provokedIn: 'e2e',
    heals: true,
  }),
  VolumeFull: entry<{ used: string }>({
    says: p => `the data volume is full (${p.used})`,
    advice: 'Grow spec.volume.size, or delete data; an engine that has ended is started again by itself',
    shows: 'phase ERROR',
    provokedIn: 'e2e',
    heals: true,
  }),
  VolumeBusy: entry<{ path: string }>({
    says: p => `another process holds the lock of the data volume (${p.path}), so the engine was not started`,
    advice: 'This heals by itself once that process has ended; if it does not, look for a process of an earlier pod on the node',
    shows: 'phase ERROR',
    provokedIn: 'e2e',
    heals: true,
  }),
  DataVersionMismatch: entry<{ found: string; expected: string }>({
    says: p => `the volume holds ${p.found} and the Instance is ${p.expected}; the engine was not started`,
    advice: 'Put the right volume back, or ask the platform team to put the DatastoreVersion right',
    shows: 'phase ERROR',
    provokedIn: 'e2e',
    heals: false,
  }),

  // The configuration
  ConfigurationInvalid: entry<{ of: string; problems: string }>({
    says: p => `${p.of} cannot be taken: ${p.problems}`,
    advice: 'Put it right; what runs goes on with what it had',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: false,
  }),
  ConfigurationGroupNotFound: entry<{ group: string }>({
    says: p => `there is no ConfigurationGroup "${p.group}" in this namespace, or it is being deleted`,
    advice: 'This heals by itself once the group exists; or correct spec.configurationRef. What runs goes on with what it had',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
    mayYetCome: true,
  }),
  ConfigurationGroupMismatch: entry<{ group: string; meant: string; runs: string }>({
    says: p => `ConfigurationGroup "${p.group}" is for ${p.meant}, and this Instance is ${p.runs}`,
    advice: 'Refer to a group for what the Instance runs. What runs goes on with what it had',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  SettingMalformed: entry<{ names: string }>({
    says: p => `no engine takes these settings as they are written: ${p.names}`,
    advice:
      'A name has at most 128 letters, digits and the characters . _ -, and begins with a letter; a value is a number, a boolean, or one line of at most 1024 characters',
    shows: 'refused at apply',
    provokedIn: 'integration',
    heals: false,
  }),
  ConfigurationNotApplied: entry<{ why: string }>({
    says: p => `the configuration is not in force: ${p.why}`,
    advice:
      'It is tried again by itself, at most every 60 s; the words are the engine’s own, or say what it has instead. The database runs on with what it had',
    shows: 'condition',
    provokedIn: 'integration',
    heals: true,
  }),
  ConfigurationRefused: entry<{ why: string }>({
    says: p =>
      `the engine did not start with the configuration asked for: ${p.why}. It runs with the last one that it did start with, or, if this version has not started with any yet, with the defaults for its Flavor`,
    advice: 'Put the configuration right; it is tried again once it is another, and at the next restart that you ask for',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: false,
  }),

  // The engine
  ImageUnsuitable: entry<{ image: string; missing: string }>({
    says: p => `image "${p.image}" lacks ${p.missing}, without which no database can be run in it`,
    advice:
      'Use an image with a POSIX shell, coreutils, setsid and flock in the DatastoreVersion, as the engines’ official images have them',
    shows: 'phase ERROR',
    provokedIn: 'e2e',
    heals: false,
  }),
  InitialiseFailed: entry<{ log: string }>({
    says: p => `the volume could not be initialised: ${p.log}`,
    advice: 'It is tried again by itself, at most every 60 s',
    shows: 'phase ERROR',
    provokedIn: 'unit',
    heals: true,
  }),
  EngineStartFailed: entry<{ log: string }>({
    says: p => `the engine does not start: ${p.log}`,
    advice: 'It is tried again by itself, at most every 60 s; the message is the engine’s own',
    shows: 'phase ERROR',
    provokedIn: 'e2e',
    heals: true,
  }),
  EngineCrashed: entry<{ why: string; times: number }>({
    says: p => `the engine ended ${p.times} times in quick succession: ${p.why}`,
    advice: 'It is started again by itself, at most every 60 s; the message is the engine’s own',
    shows: 'phase ERROR',
    provokedIn: 'e2e',
    heals: true,
  }),
  EngineSlow: entry<{ seconds: number }>({
    says: p => `the engine has not answered for ${p.seconds} s since it was started; it may be recovering, and is left to finish`,
    advice: 'Wait if recovery is expected; the pod’s log has the engine’s own messages',
    shows: 'phase ERROR',
    provokedIn: 'unit',
    heals: true,
  }),
  EngineSilent: entry<{ seconds: number }>({
    says: p => `the engine runs but has stopped answering: nothing for ${p.seconds} s`,
    advice: 'Look at its load and at the pod’s log; it is left to run, and this heals by itself once it answers',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: true,
  }),
  EngineStopped: entry<{ why: string }>({
    says: p => `the engine is not running: ${p.why}`,
    advice: 'It is started again by itself',
    shows: 'condition',
    provokedIn: 'unit',
    heals: true,
  }),
  GuestSilent: entry<{ why: string }>({
    says: p => `the guest agent does not report: ${p.why}`,
    advice: 'The database may well be running; ask the platform team to look at container guest-agent of the pod',
    shows: 'condition',
    provokedIn: 'integration',
    heals: true,
  }),
  AgentOutdated: entry<{ feature: string; version: string }>({
    says: p => `the guest agent (version ${p.version}) does not know ${p.feature}`,
    advice:
      'Agents get the operator’s release by themselves, a few at a time; if this lasts, ask the platform team whether their roll has stopped (docs/guides/upgrade.md)',
    shows: 'condition',
    provokedIn: 'unit',
    heals: true,
  }),
  AgentRollStopped: entry<{ image: string; seconds: number; why: string; before: string }>({
    says: p =>
      `the guest agent did not come back with image "${p.image}" within ${p.seconds} s (${p.why}) and was put back to "${p.before}"; the database was not touched, and no other agent gets that image`,
    advice:
      'Ask the platform team to set an agent image that works, or, if the cause lay elsewhere, to take the annotation trove.dev/agent-refused off the pod; see docs/guides/upgrade.md',
    shows: 'Event',
    provokedIn: 'e2e',
    heals: false,
  }),
  ReportRefused: entry<{ why: string }>({
    says: p => `the API server does not know a field that this agent reports: ${p.why}`,
    advice: 'Install the CRDs of this release; until then the report goes without that field',
    shows: 'guest agent log',
    provokedIn: 'unit',
    heals: true,
  }),

  // Databases and users
  InstanceNotFound: entry<{ instance: string }>({
    says: p => `there is no Instance "${p.instance}" in this namespace`,
    advice: 'This heals by itself once the Instance exists; if the name is a slip, or the Instance will not come back, delete this object',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: false,
    mayYetCome: true,
  }),
  InstanceNotReady: entry<{ instance: string }>({
    says: p => `Instance "${p.instance}" has not carried this out yet`,
    advice: 'Nothing is to be done; if it lasts, look at the Instance',
    shows: 'condition',
    provokedIn: 'unit',
    heals: true,
  }),
  DatabaseNotFound: entry<{ database: string; instance: string }>({
    says: p => `no Database object names database "${p.database}" on Instance "${p.instance}"`,
    advice: 'Create the Database, or correct spec.access; this heals by itself once the Database exists',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
    mayYetCome: true,
  }),
  IdentifierReserved: entry<{ name: string }>({
    says: p => `"${p.name}" is reserved by the engine or by Trove`,
    advice: 'Delete this object and create it with another spec.name',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  IdentifierTooLong: entry<{ name: string; bytes: number; max: number }>({
    says: p => `"${p.name}" has ${p.bytes} bytes in UTF-8 and the engine takes ${p.max}`,
    advice: 'Delete this object and create it with a shorter spec.name',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  IdentifierInvalid: entry<{ name: string; why: string }>({
    says: p => `"${p.name}" cannot be a name in this engine: ${p.why}`,
    advice: 'Delete this object and create it with another spec.name',
    shows: 'condition',
    provokedIn: 'unit',
    heals: false,
  }),
  CharacterSetUnknown: entry<{ characterSet: string; engine: string }>({
    says: p => `engine ${p.engine} cannot store text in character set "${p.characterSet}"`,
    advice: 'Delete this object and create it with another spec.characterSet, or with none for the engine’s default',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  DatabaseDiffers: entry<{ name: string; found: string; asked: string }>({
    says: p => `database "${p.name}" is already there with ${p.found}, and ${p.asked} was asked for; it was not touched`,
    advice: 'Delete this object and create it with the character set and collation that the database has, or without them',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),
  NotSupported: entry<{ engine: string; capability: string }>({
    says: p => `engine ${p.engine} does not support ${p.capability}`,
    advice: 'Remove what asks for it',
    shows: 'condition',
    provokedIn: 'unit',
    heals: false,
  }),
  TooMany: entry<{ what: string; limit: number }>({
    says: p => `the Instance has more than ${p.limit} ${p.what}`,
    advice: 'Delete some, or use another Instance; the oldest ones are in force',
    shows: 'condition',
    provokedIn: 'unit',
    heals: false,
  }),
  TooLarge: entry<{ what: string; limit: string }>({
    says: p => `the Instance's ${p.what} take more than ${p.limit} together`,
    advice: 'Give users access to fewer databases, delete some, or use another Instance; the oldest ones are in force',
    shows: 'condition',
    provokedIn: 'unit',
    heals: false,
  }),
  StatementFailed: entry<{ what: string; why: string }>({
    says: p => `the engine refused ${p.what}: ${p.why}`,
    advice:
      'It is tried again by itself, at most every 60 s. If the engine will never take it, delete the object and create it with what the engine does take',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: true,
  }),
  CredentialsLost: entry<{ user: string }>({
    says: p => `the password of user "${p.user}" is no longer in the guest’s Secret, and none is made anew by itself`,
    advice: 'Raise spec.passwordGeneration to get a new password; root gets one when spec.rootEnabled is set to false and to true again',
    shows: 'condition',
    provokedIn: 'integration',
    heals: false,
  }),

  // The catalog and protection of what is in use
  EngineUnknown: entry<{ engine: string }>({
    says: p => `this operator has no engine "${p.engine}"`,
    advice: 'See `kubectl explain datastores.trove.dev.spec.engine` for the engines of this operator',
    shows: 'refused at apply',
    provokedIn: 'integration',
    heals: false,
  }),
  InUse: entry<{ count: number; users: string }>({
    says: p => `deletion waits until nothing uses it; ${p.count === 1 ? '1 Instance does' : `${p.count} Instances do`}: ${p.users}`,
    advice: 'Take the reference off those Instances where it can be, or delete them; a deletion cannot be taken back',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: false,
  }),

  // Deletion
  Deleting: entry<{ step: string }>({
    says: p => `deleting: ${p.step}`,
    advice: 'Nothing is to be done',
    shows: 'condition',
    provokedIn: 'e2e',
    heals: true,
  }),

  // The operator itself
  LeaseLost: entry<{ holder: string }>({
    says: p => `the leader lease was lost to "${p.holder}"`,
    advice: 'Nothing is to be done: this replica starts again as standby',
    shows: 'operator log',
    provokedIn: 'integration',
    heals: true,
  }),
  OrphanedGuest: entry<{ guest: string }>({
    says: p =>
      `Guest "${p.guest}" is there and its Instance is gone without the operator having seen it deleted; the pod was stopped, volume and credentials are kept`,
    advice: 'See docs/guides/uninstall.md for how to get at the data, then delete the Guest',
    shows: 'operator log',
    provokedIn: 'integration',
    heals: false,
  }),
  Internal: entry<{ what: string }>({
    says: p => `an unexpected failure: ${p.what}`,
    advice: 'It is tried again by itself with growing pauses; the operator’s log has the details under the reconcile id',
    shows: 'condition',
    provokedIn: 'integration',
    heals: true,
  }),
} as const satisfies Record<string, FaultEntry<never>>

export type FaultCode = keyof typeof faults
