/** The settings of PostgreSQL that nobody but Trove sets: the agent, the volume, the log's readers and the walls around the server rest on them. */
import type { Owned } from '../parameters/rule.ts'

export const owned: readonly Owned[] = [
  {
    name: /^(listen_addresses|port|bonjour.*|unix_socket_.*)$/,
    why: 'the agent, the Service and the probes reach the server where they look for it',
  },
  {
    name: /^(data_directory|config_file|hba_file|ident_file|external_pid_file)$/,
    why: 'these files are where the volume and the pod have them',
  },
  { name: 'superuser_reserved_connections', why: 'the agent must get in when all other connections are in use' },
  { name: 'password_encryption', why: 'logins are by SCRAM alone' },
  { name: /^(krb_.*|gss_.*|db_user_namespace)$/, why: 'logins are by name and password alone' },
  { name: /^ssl($|_)/, why: 'keys and certificates are files in the pod, and none are there' },
  {
    name: /^(huge_pages|huge_page_size|dynamic_shared_memory_type|shared_memory_type)$/,
    why: 'a container has the shared memory of its flavor and no other',
  },

  { name: /_command(_|$)/, why: 'the server would run programs in its container' },
  {
    name: /^(.*_preload_libraries|output_plugin_libraries|archive_library|jit_provider|dynamic_library_path|extension_destdir)$/,
    why: 'the server would load code that is not of its image, or none of what it needs',
  },

  { name: /^(wal_level|archive_mode|archive_timeout|summarize_wal|wal_summary_keep_time)$/, why: 'backups and replicas rest on it' },
  {
    name: /^(primary_.*|recovery_target.*|recovery_min_apply_delay|promote_trigger_file|hot_standby)$/,
    why: 'Trove decides which server follows which',
  },
  {
    name: /^(synchronous_standby_names|synchronized_standby_slots|sync_replication_slots|max_wal_senders|max_replication_slots|wal_receiver_.*)$/,
    why: 'Trove decides which server follows which',
  },

  {
    name: /^(log_destination|logging_collector|log_directory|log_filename|log_file_mode|log_rotation_.*|log_truncate_on_rotation)$/,
    why: 'the log goes to the container, where Trove reads it, and fills no volume',
  },
  { name: /^(syslog_.*|event_source)$/, why: 'the log goes to the container, where Trove reads it' },
  { name: /^(log_line_prefix|log_timezone|lc_messages|log_min_messages)$/, why: 'Trove reads in the log what ended the server' },

  {
    name: /^(ignore_system_indexes|allow_system_table_mods|allow_in_place_tablespaces|allow_alter_system)$/,
    why: 'it is for the repair of a server by hand',
  },
  {
    name: /^(transaction_timeout|exit_on_error)$/,
    why: 'it would end what the agent does: use ALTER DATABASE ... SET or ALTER ROLE ... SET',
  },
  { name: /^(zero_damaged_pages|ignore_checksum_failure|ignore_invalid_pages)$/, why: 'damaged data would be lost in silence' },
  { name: /^(pre|post)_auth_delay$/, why: 'it is for developers of the server, and the agent would wait' },
  {
    name: /^(jit_dump_bitcode|jit_debugging_support|jit_profiling_support)$/,
    why: 'it is for developers of the server, and writes files into the volume',
  },
]
