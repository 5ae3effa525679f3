/** The settings of the MySQL family that nobody but Trove sets: the agent, the volume, the log's readers and the walls around the server rest on them. */
import type { Owned } from '../parameters/rule.ts'

export const owned: readonly Owned[] = [
  {
    name: /^(bind_address|port|extra_port|socket|skip_networking|create_admin_listener_thread|admin_.*|mysqlx_.*)$/,
    why: 'the agent, the Service and the probes reach the server where they look for it, and nobody elsewhere',
  },
  {
    name: /^(thread_handling|protocol_compression_algorithms)$/,
    why: 'with another value the agent might get no connection',
  },
  { name: /^(proxy_protocol_networks|redirect_url|report_.*)$/, why: 'Trove tells clients where the server is' },
  { name: 'skip_name_resolve', why: 'accounts are for every host, and logins would wait for the name server' },
  {
    name: /^(ssl_|tls_|auto_generate_certs$|require_secure_transport$)/,
    why: 'keys and certificates are files in the pod, and none are there',
  },

  {
    name: /^(datadir|basedir|tmpdir|pid_file|character_sets_dir|lc_messages_dir|aria_log_dir_path|ignore_db_dirs|(slave|replica)_load_tmpdir)$/,
    why: 'these files are where the volume and the pod have them',
  },
  {
    name: /^innodb_((data|log_group)_home_dir|(data|temp_data)_file_path|undo_directory|temp_tablespaces_dir|tmpdir|doublewrite_dir|directories|redo_log_archive_dirs|buffer_pool_filename)$/,
    why: 'these files are where the volume and the pod have them',
  },
  {
    name: /^(innodb_page_size|lower_case_table_names|aria_block_size)$/,
    why: 'it is decided when the volume is first written, and the server would not read it otherwise',
  },
  {
    name: /^(innodb_dedicated_server|container_aware|server_memory|large_pages)$/,
    why: 'the server would take the memory of its node and not that of its flavor',
  },
  { name: /^(core_file|innodb_buffer_pool_in_core_(file|dump))$/, why: 'a core file would fill the volume with what is in memory' },

  { name: /^(secure_file_priv|local_infile|ft_stopword_file)$/, why: 'statements read and write no files of the server' },
  { name: /^init_(file|connect)$/, why: 'the server would run statements that nobody sent' },
  {
    name: /^(plugin_|allow_suspicious_udfs$|ignore_builtin_innodb$)/,
    why: 'the server would load code that is not of its image, or none of what it needs',
  },
  { name: /^(persist_|persisted_)/, why: 'the server is set by its configuration file alone' },

  { name: 'skip_grant_tables', why: 'everybody could log in as anybody' },
  {
    name: /^(authentication_policy|old_passwords|secure_auth|check_proxy_users|mandatory_roles|(caching_sha2|sha256)_password_.*)$/,
    why: 'the agent makes logins, and decides how passwords are kept',
  },
  { name: /^(default_password_lifetime|password_.*)$/, why: 'a password that Trove made changes only when it is asked to' },
  { name: 'partial_revokes', why: 'the name of a database in a grant would no longer be read as the agent writes it' },
  { name: 'log_raw', why: 'passwords would be in the log' },

  {
    name: /^(read_only|super_read_only|offline_mode|innodb_read_only|transaction_read_only)$/,
    why: 'Trove decides which server is written to, and the agent writes',
  },
  {
    name: /^(log_bin|log_bin_(index|compress|compress_min_len)|sync_binlog|expire_logs_days|encrypt_binlog)$/,
    why: 'there is no binary log yet',
  },
  { name: /^(binlog_|max_binlog_)/, why: 'there is no binary log yet' },
  {
    name: /^(slave_|replica_|replicate_|replication_|relay_|rpl_|gtid_|group_replication_|wsrep_|server_u?id)/,
    why: 'Trove decides which server follows which',
  },
  {
    name: /^(init_(slave|replica)|skip_(slave|replica)_start|log_(slave|replica)_updates|(master|source)_verify_checksum|sync_(master|relay|source)_.*|sync_relay_log|max_relay_log_size|enforce_gtid_consistency)$/,
    why: 'Trove decides which server follows which',
  },

  { name: /^(log_error|log_error_services|log_error_suppression_list|lc_messages)$/, why: 'Trove reads in the log what ended the server' },
  { name: /^(general_log_file|slow_query_log_file|log_slow_query_file)$/, why: 'these files are where the volume has them' },
  {
    name: /^(innodb_encrypt.*|innodb_default_encryption_key_id|innodb_(redo|undo)_log_encrypt|aria_encrypt_tables|encrypt_tmp_.*|default_table_encryption|table_encryption_privilege_check)$/,
    why: 'the server has no keys to encrypt with',
  },
  { name: 'innodb_fast_shutdown', why: 'another version takes over only data that was left in order' },
  { name: /^innodb_force_(recovery|load_corrupted)$/, why: 'it is for the repair of a server by hand, and may lose data for good' },
]
