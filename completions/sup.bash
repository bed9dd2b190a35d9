# Written by `make generate` from the functions themselves; edit those.
_sup() {
    local -a words plain=()
    local word current option='' own='' names=''
    COMPREPLY=()
    _sup_split
    for word in "${words[@]}"; do
        if [[ -n $option ]]; then option=''; continue; fi
        case $word in
        --*=*) ;;
        -n|--node|-c|--cookie|-t|--timeout|-z|--zone|--config|-f|--format|--columns|--query|--output|--plan|--confirm-within|--nodes) option=$word ;;
        -?*) [[ $own == *" $word="* ]] && option=$word ;;
        undo|redo|apply|confirm) ((${#plain[@]})) || plain=(changes); plain+=("$word") ;;
        *) plain+=("$word") ;;
        esac
        ((${#plain[@]} == 3)) && _sup_joined
        ((${#plain[@]} <= 2)) && _sup_own "${plain[*]}"
    done
    if [[ $current == --*=* ]]; then option=${current%%=*}; current=${current#*=}; fi
    case $option in
    '') _sup_word ;;
    -f|--format) names='text json yaml table csv ndjson prometheus' ;;
    --config|--output|--plan) _sup_files ;;
    -z|--zone|-n|--node) _sup_values ;;
    -n|--node|-c|--cookie|-t|--timeout|-z|--zone|--config|-f|--format|--columns|--query|--output|--plan|--confirm-within|--nodes) ;;
    *)  case $own in
        *" $option=@ "*) _sup_files ;;
        *" $option=+ "*) _sup_values ;;
        esac ;;
    esac
    [[ -z $names ]] || COMPREPLY=($(compgen -W "$names" -- "$current"))
}
_sup_split() {
    local rest=${COMP_LINE:0:COMP_POINT} blank at last=-1
    for ((at = 0; at <= COMP_CWORD; at++)); do
        blank=${rest%%[![:space:]]*}
        if [[ -n $rest && -z $blank && $at -gt 0 ]]; then words[last]+=${COMP_WORDS[at]}
        else words[++last]=${COMP_WORDS[at]}; fi
        rest=${rest#"$blank"}
        rest=${rest#"${COMP_WORDS[at]}"}
    done
    current=${words[last]}
    words=("${words[@]:1:last - 1}")
}
_sup_word() {
    case $current:${#plain[@]}:$plain in
    -*:0:*) names='-? -h --help -n --node -c --cookie -t --timeout -v --verbose -s --use_short -z --zone --config -f --format --columns --query --output --dry-run --plan --confirm-within -y --yes --no-events --no-journal --live --nodes -e --erl_term_args -q --quiet --list --version' ;;
    -*) names="-? -h --help -n --node -c --cookie -t --timeout -v --verbose -s --use_short -z --zone --config -f --format --columns --query --output --dry-run --plan --confirm-within -y --yes --no-events --no-journal --live --nodes -e --erl_term_args -q --quiet ${own//[=@+]/}" ;;
    *:0:*) names='help list shell undo redo apply confirm acdc_agent_maintenance acdc_maintenance amqp blackhole_maintenance call_inspector_maintenance callflow_maintenance cb_apps_maintenance changes conference_maintenance config couchdb crossbar_maintenance doodle_maintenance ecallmgr_maintenance edr_maintenance fax_maintenance freeswitch frontier_maintenance hangups_maintenance haproxy history hotornot_maintenance jonny5_maintenance kamailio kapps_account_config kapps_config kapps_config_maintenance kapps_controller kapps_maintenance kapps_util kazoo_amqp_maintenance kazoo_apps_maintenance kazoo_auth_maintenance kazoo_convert_maintenance kazoo_data_maintenance kazoo_endpoint_maintenance kazoo_ips_maintenance kazoo_ledgers_maintenance kazoo_maintenance kazoo_media_maintenance kazoo_modb_maintenance kazoo_modb_migrate_maintenance kazoo_number_manager_maintenance kazoo_oauth_maintenance kazoo_perf_maintenance kazoo_proper_maintenance kazoo_schemas_maintenance kazoo_services_maintenance kazoo_speech_maintenance kazoo_voicemail_maintenance kazoo_web_maintenance knm_bandwidth knm_bandwidth2 knm_carriers knm_converters knm_dash_e911 knm_other knm_simwood knm_telnyx knm_util knm_vitelity knm_voip_innovations konami_maintenance kz_datamgr kz_media_util kz_nodes lab media_mgr_maintenance node notify_maintenance notify_resend_maintenance number omnipresence_maintenance outbox pusher_maintenance rabbitmq registrar_maintenance stepswitch_maintenance sysconf tasks_maintenance teletype_maintenance trunkstore_maintenance webhooks_maintenance zone' ;;
    *:1:help) names='undo redo apply confirm acdc_agent_maintenance acdc_maintenance amqp blackhole_maintenance call_inspector_maintenance callflow_maintenance cb_apps_maintenance changes conference_maintenance config couchdb crossbar_maintenance doodle_maintenance ecallmgr_maintenance edr_maintenance fax_maintenance freeswitch frontier_maintenance hangups_maintenance haproxy history hotornot_maintenance jonny5_maintenance kamailio kapps_account_config kapps_config kapps_config_maintenance kapps_controller kapps_maintenance kapps_util kazoo_amqp_maintenance kazoo_apps_maintenance kazoo_auth_maintenance kazoo_convert_maintenance kazoo_data_maintenance kazoo_endpoint_maintenance kazoo_ips_maintenance kazoo_ledgers_maintenance kazoo_maintenance kazoo_media_maintenance kazoo_modb_maintenance kazoo_modb_migrate_maintenance kazoo_number_manager_maintenance kazoo_oauth_maintenance kazoo_perf_maintenance kazoo_proper_maintenance kazoo_schemas_maintenance kazoo_services_maintenance kazoo_speech_maintenance kazoo_voicemail_maintenance kazoo_web_maintenance knm_bandwidth knm_bandwidth2 knm_carriers knm_converters knm_dash_e911 knm_other knm_simwood knm_telnyx knm_util knm_vitelity knm_voip_innovations konami_maintenance kz_datamgr kz_media_util kz_nodes lab media_mgr_maintenance node notify_maintenance notify_resend_maintenance number omnipresence_maintenance outbox pusher_maintenance rabbitmq registrar_maintenance stepswitch_maintenance sysconf tasks_maintenance teletype_maintenance trunkstore_maintenance webhooks_maintenance zone' ;;
    *:1:*|*:2:help) _sup_functions "${plain[${#plain[@]} - 1]}" ;;
    *:help) ;;
    *)  case "${plain[0]} ${plain[1]} $((${#plain[@]} - 1))" in
        'changes apply 1'|'config check 1'|'config init 1'|'couchdb restore '*|'crossbar_maintenance init_app 1'|'crossbar_maintenance init_apps 1'|'crossbar_maintenance refresh_app 1'|'crossbar_maintenance refresh_apps 1'|'crossbar_maintenance set_app_icon 2'|'crossbar_maintenance set_app_screenshots 2'|'fax_maintenance load_smtp_attachment 2'|'kazoo_auth_maintenance register_auth_app_key 2'|'kazoo_convert_maintenance convert_fax_file 1'|'kazoo_convert_maintenance convert_fax_file 3'|'kazoo_convert_maintenance read_metadata 1'|'kazoo_convert_maintenance read_tiff_info 1'|'kazoo_data_maintenance load_doc_from_file 2'|'kazoo_media_maintenance import_prompt 1'|'kazoo_media_maintenance import_prompts 1'|'number age 1'|'number create 1'|'number delete 1'|'number history 1'|'number import 1'|'number move 1'|'number port_check 1'|'number port_in 1'|'number port_status 1'|'number recycle 1'|'number release 1'|'number remove_feature 1'|'number reserve 1'|'number set_feature 1'|'number show 1'|'number update 1'|'pusher_maintenance add_apple_app 2'|'tasks_maintenance add 5') _sup_files ;;
        *' 1') _sup_second || _sup_values ;;
        *) _sup_values ;;
        esac ;;
    esac
}
_sup_second() {
    local name found=''
    _sup_functions "$plain"
    for name in $names; do
        [[ $name == "${plain[1]}" ]] && { names=''; return 1; }
        [[ $name == "${plain[1]}"_* ]] && found+=" ${name#*"${plain[1]}"_}"
    done
    names=$found
}
_sup_joined() {
    _sup_second && [[ " $names " == *" ${plain[2]} "* ]] && plain=("$plain" "${plain[1]}_${plain[2]}")
    names=''
}
_sup_functions() {
    case $1 in
    acdc_agent_maintenance) names='acct_restart acct_status agent_restart agent_status status' ;;
    acdc_maintenance) names='agent_detail agent_login agent_logout agent_pause agent_presence_id agent_queue_login agent_queue_logout agent_resume agent_summary agents_detail agents_summary current_agents current_calls current_queues current_statuses flush_call_stat logout_agent logout_agents migrate migrate_to_acdc_db queue_detail queue_restart queue_summary queues_detail queues_restart queues_summary refresh refresh_account register_views start_queue_diagnostics stop_queue_diagnostics' ;;
    amqp) names='apis publish watch' ;;
    blackhole_maintenance) names='active_sessions active_sessions_by_account active_sessions_by_ip running_modules start_module stop_module' ;;
    call_inspector_maintenance) names='callid_details flush inspect_call_id list_active_parsers start_freeswitch_parser start_hep_parser start_kamailio_parser stop_active_parser' ;;
    callflow_maintenance) names='account_set_classifier_deny account_set_classifier_inherit all_accounts_set_classifier_deny all_accounts_set_classifier_inherit allow_authz_context blocking_refresh call_count deny_authz_context device_classifier_deny device_classifier_inherit disable_authz_contexts enable_authz_contexts flush list_account_restrictions lookup_endpoint migrate_menus migrate_recorded_name migrate_recorded_names refresh show_calls update_feature_codes' ;;
    cb_apps_maintenance) names='migrate' ;;
    changes) names='apply confirm redo undo' ;;
    conference_maintenance) names='blocking_refresh flush refresh' ;;
    config) names='check init show' ;;
    couchdb) names='active_tasks backup compact conflicts_list conflicts_resolve databases replicate_start replicate_status replicate_stop reshard_start reshard_status reshard_stop restore security shards status view_cleanup' ;;
    crossbar_maintenance) names='allow_account_number_additions app apps auth_token create_account db_init demote_account descendants_count disable_account disallow_account_number_additions does_schema_exist enable_account find_account_by_id find_account_by_name find_account_by_number find_account_by_realm flush init_app init_apps migrate migrate_account_data migrate_accounts_data migrate_ring_group_callflow move_account promote_account refresh refresh_app refresh_apps register_views running_modules set_app_description set_app_extended_description set_app_features set_app_field set_app_icon set_app_label set_app_screenshots start_module stop_module update_schemas' ;;
    doodle_maintenance) names='flush send_outbound_sms' ;;
    ecallmgr_maintenance) names='acl_summary add_fs_node allow_carrier allow_sbc carrier_acls channel_details channel_summary check_sync conference_details conference_summary deny_carrier deny_sbc disable_authz disable_local_resource_authz enable_authz enable_local_resource_authz flush_acls flush_authn flush_node_channels flush_node_conferences flush_registrar flush_util get_fs_nodes hangup_long_running_channels limit_channel_uptime list_fs_nodes node_details node_summary registrar_details registrar_summary registrar_sync reload_acls remove_acl remove_fs_node sbc_acls show_calls show_channels sync_channels sync_conferences test_carrier_ip test_sbc_ip' ;;
    edr_maintenance) names='delete_backend disable_backend enable_backend register_backend registered_backends restart_backend' ;;
    fax_maintenance) names='account_jobs active_jobs faxbox_jobs flush load_smtp_attachment migrate migrate_outbound_faxes pending_jobs refresh_views restart_job update_job' ;;
    freeswitch) names='acl_test api calls channels conference_kick conference_list conference_mute conference_unmute events gateways loglevel modules_list modules_load modules_unload originate pause profile_rescan profile_restart profile_start profile_stop registrations reload_acl reload_xml resume shutdown sofia_status status uuid_dump uuid_kill uuid_transfer version' ;;
    frontier_maintenance) names='lookup_acls lookup_rate_limits update_system_default' ;;
    hangups_maintenance) names='account_summary activate_monitor activate_monitors hangup_summary hangups_summary set_metric set_monitor_threshold set_threshold' ;;
    haproxy) names='clear_counters counters drain errors info maintenance production ready servers sessions status weight' ;;
    history) names='diff document export list show' ;;
    hotornot_maintenance) names='get_rate_version local_summary rates_between rates_for_did set_rate_version trie_rebuild' ;;
    jonny5_maintenance) names='authz_details authz_summary flush flush_channels limits_details limits_summary' ;;
    kamailio) names='ban banned config_get config_set dialogs dispatcher_add dispatcher_list dispatcher_reload dispatcher_remove dispatcher_set_state htable_delete htable_dump htable_get htable_list htable_set memory pike_list presence_cleanup presence_list processes registrations_list registrations_remove registrations_show rpc stats status tls unban uptime' ;;
    kapps_account_config) names='flush get get_from_reseller get_global get_hierarchy get_ne_binaries get_ne_binary get_pos_integer get_with_strategy set set_global' ;;
    kapps_config) names='fetch_category fetch_current flush get get_all_kvs get_atom get_binary get_boolean get_category get_current get_float get_integer get_is_false get_is_true get_json get_jsons get_ne_binaries get_ne_binary get_ne_binary_or_ne_binaries get_node_value get_non_neg_integer get_pos_integer get_string is_locked is_true lock_db set set_boolean set_default set_float set_integer set_json set_node set_string update_default' ;;
    kapps_config_maintenance) names='get get_category get_category_pp get_json get_json_pp get_pp' ;;
    kapps_controller) names='list_apps restart_app running_apps start_app stop_app' ;;
    kapps_maintenance) names='bind bind_and_register_views binding call_id_status check_release check_system_config check_system_configs cleanup_aggregated_account cleanup_aggregated_accounts cleanup_aggregated_device cleanup_aggregated_devices cleanup_orphan_modbs cleanup_system_config cleanup_system_configs cleanup_voicemail_media ensure_aggregate ensure_aggregate_account ensure_aggregate_accounts ensure_aggregate_device ensure_aggregate_devices ensure_aggregate_faxbox ensure_aggregate_faxboxes ensure_aggregates ensure_reseller_id_account ensure_reseller_id_accounts ensure_reseller_id_services ensure_tree_account ensure_tree_account_dry_run ensure_tree_accounts ensure_tree_accounts_dry_run find_invalid_acccount_dbs flush_account_views flush_getby_cache get_all_account_views import_account init_system maybe_delete_db migrate migrate_limits migrate_media migrate_modbs migrate_modbs_ranged migrate_system migrate_to_4_0 parallel_migrate parallel_migrate_modbs parallel_migrate_modbs_ranged purge_doc_type read_all_account_views rebuild_db refresh refresh_account refresh_account_db refresh_system_views register_account_views register_system_dbs_views register_views remove_aggregated_account remove_deprecated_databases unbind validate_system_config validate_system_configs' ;;
    kapps_util) names='get_account_by_realm get_accounts_by_name get_master_account_db get_master_account_id is_master_account' ;;
    kazoo_amqp_maintenance) names='add_broker add_connection broker_summary channel_summary connection_summary consumer_details gc_pool gc_pools primary_broker remove_broker validate_assignments' ;;
    kazoo_apps_maintenance) names='check make_autostart_distinct ready restart start stop' ;;
    kazoo_auth_maintenance) names='ensure_secret flush refresh register_auth_app register_auth_app_key register_common_providers register_views' ;;
    kazoo_convert_maintenance) names='convert_fax_file read_metadata read_tiff_info versions_in_use' ;;
    kazoo_data_maintenance) names='cache_strategy dataplan_reload flush flush_data_plans flush_docs load_doc_from_file open_document open_document_cached set_cache_strategy stop_trace trace_function trace_module trace_pid' ;;
    kazoo_endpoint_maintenance) names='flush' ;;
    kazoo_ips_maintenance) names='add assign delete refresh release summary' ;;
    kazoo_ledgers_maintenance) names='current_rollovers fix_rollover fix_rollovers rollover_account rollover_accounts verify_all_rollovers verify_rollovers' ;;
    kazoo_maintenance) names='console_level crash debug_dump error_level etop ets_info gc_all gc_pids gc_top_mem_consumers hotload hotload_app mem_info syslog_level top_mem_consumers' ;;
    kazoo_media_maintenance) names='fix_media_names import_prompt import_prompts migrate migrate_prompts refresh register_views remove_empty_media_docs set_account_language' ;;
    kazoo_modb_maintenance) names='archive_modbs delete_modbs register_views' ;;
    kazoo_modb_migrate_maintenance) names='migrate migrate_account migrate_cdrs migrate_voicemails' ;;
    kazoo_number_manager_maintenance) names='add_allowed_feature_on_number add_allowed_feature_on_reseller_of add_allowed_feature_on_system_config add_denied_feature_on_number add_denied_feature_on_reseller_of all_features app_using carrier_module_usage convert_carrier_module convert_carrier_module_number copy_accounts_to_number_dbs copy_assigned_number_dbs_to_account copy_number_dbs_to_accounts copy_number_from_accountdb_to_numbdb copy_number_from_db_to_assigned_account copy_numbers_from_accountdb_to_numbdbs copy_numbers_from_dbs_to_assigned_accounts copy_single_account_to_number_dbs copy_single_assigned_number_db_to_account copy_single_number_db_to_accounts copy_single_number_to_account_db delete ensure_adminonly_features_are_reachable feature_permissions_on_number feature_permissions_on_reseller_of feature_permissions_on_system_config fix_account_db_numbers fix_apps_for_account_dbs fix_apps_for_number_dbs fix_apps_for_single_account_db fix_apps_for_single_number_db fix_apps_in_number_dbs_for_accounts fix_apps_in_number_dbs_for_single_account fix_number fix_numbers fix_numbers_apps_in_accountdb fix_numbers_apps_in_numbdb generate_js_classifiers generate_numbers init_dbs migrate migrate_port_requests migrate_unassigned_numbers purge_deleted purge_discovery refresh_numbers_db refresh_numbers_dbs register_views remove_allowed_feature_on_number remove_allowed_feature_on_reseller_of remove_allowed_feature_on_system_config remove_denied_feature_on_number remove_denied_feature_on_reseller_of remove_wrong_assigned_from_accounts remove_wrong_assigned_from_single_accountdb reset_allowed_features_to_defaults_on_system_config update_number_services_view' ;;
    kazoo_oauth_maintenance) names='refresh register_common_providers register_oauth_app' ;;
    kazoo_perf_maintenance) names='graphite_metrics json_metrics' ;;
    kazoo_proper_maintenance) names='run_module run_modules run_seq_module run_seq_modules' ;;
    kazoo_schemas_maintenance) names='diff_schema diff_schemas' ;;
    kazoo_services_maintenance) names='attempt_services_recovery cascade_reseller_id db_init demote_reseller disable_topup enable_topup fix_plan_apps flush get_accounts_by_depth get_accounts_with_plans make_reseller migrate_service_plan migrate_service_plans migrate_services rebuild_services_db reconcile refresh register_views remove_orphaned_services set_reseller_id sync sync_descendants topup_status update_tree' ;;
    kazoo_speech_maintenance) names='set_tts_api_key set_tts_language set_tts_provider' ;;
    kazoo_voicemail_maintenance) names='migrate recover_messages_account recover_messages_all recover_messages_month renotify' ;;
    kazoo_web_maintenance) names='blacklist_client_host blacklist_client_ip show_client_blacklists' ;;
    knm_bandwidth) names='configure' ;;
    knm_bandwidth2) names='configure disconnect_order order orders peers sites' ;;
    knm_carriers) names='acquire all_modules check default disable disconnect enable find info list verify' ;;
    knm_converters) names='available_classifiers classify is_1npan is_normalized is_npan is_reconcilable normalize to_1npan to_db to_npan' ;;
    knm_dash_e911) names='configure' ;;
    knm_other) names='configure' ;;
    knm_simwood) names='configure' ;;
    knm_telnyx) names='configure connections extend number order orders reservations reserve' ;;
    knm_util) names='pretty_print' ;;
    knm_vitelity) names='configure' ;;
    knm_voip_innovations) names='configure' ;;
    konami_maintenance) names='add_default_account_metaflow add_default_metaflow is_running' ;;
    kz_datamgr) names='db_exists flush_cache_doc flush_cache_docs open_cache_doc open_doc' ;;
    kz_media_util) names='default_prompt_language prompt_language' ;;
    kz_nodes) names='list media_servers status whapps' ;;
    lab) names='remove start status stop' ;;
    media_mgr_maintenance) names='prompt_url' ;;
    node) names='shell' ;;
    notify_maintenance) names='check_initial_call check_initial_registration configure_smtp_auth configure_smtp_password configure_smtp_port configure_smtp_relay configure_smtp_username refresh refresh_template reload_smtp_configs' ;;
    notify_resend_maintenance) names='delete delete_between delete_older_than failed failed_by_type notify_info pending pending_by_type send_notify statistics' ;;
    number) names='age create delete dump explain history import list move port_check port_in port_status recycle release remove_feature reserve search set_feature show update' ;;
    omnipresence_maintenance) names='count_current_subscriptions current_subscriptions reset_account reset_cluster reset_realm reset_server reset_subscriber reset_subscription reset_zone send_mwi_update subscribe' ;;
    outbox) names='clear flush list' ;;
    pusher_maintenance) names='add_apple_app add_firebase_app push' ;;
    rabbitmq) names='alarms bindings close_connection connections consumers exchanges federation kazoo_exchanges kazoo_queues overview policies purge queues shovels status unroutable' ;;
    registrar_maintenance) names='device_by_ip register_views set_listeners' ;;
    stepswitch_maintenance) names='cnam_flush flush lookup_number number_tree process_number register_views reload_resources resources reverse_lookup' ;;
    sysconf) names='flush get set' ;;
    tasks_maintenance) names='add cleanup_soft_deletes compaction help register_views remove restart start start_cleanup_pass task task_input task_output tasks' ;;
    teletype_maintenance) names='force_system_default list_templates_from_db receipts register_views remove_customization renderer_status restore_system_template restore_system_templates start_module stop_module' ;;
    trunkstore_maintenance) names='classifier_deny classifier_inherit clear_old_calls flush' ;;
    webhooks_maintenance) names='enable_account_hooks enable_descendant_hooks failure_status flush_account_failures flush_hook_failures hooks_configured register_views set_disable_threshold set_failure_expiry' ;;
    zone) names='doctor status' ;;
    esac
}
_sup_own() {
    case $1 in
    '-') own=' --stop-on-error ' ;;
    'acdc_agent_maintenance acct_status') own=' --wait= ' ;;
    'acdc_agent_maintenance agent_status') own=' --wait= ' ;;
    'acdc_agent_maintenance status') own=' --wait= ' ;;
    'acdc_maintenance agent_detail') own=' --wait= ' ;;
    'acdc_maintenance agent_summary') own=' --wait= ' ;;
    'acdc_maintenance agents_detail') own=' --wait= ' ;;
    'acdc_maintenance agents_summary') own=' --wait= ' ;;
    'acdc_maintenance current_calls') own=' --wait= ' ;;
    'acdc_maintenance current_statuses') own=' --wait= ' ;;
    'acdc_maintenance flush_call_stat') own=' --wait= ' ;;
    'amqp publish') own=' --unheard ' ;;
    'amqp watch') own=' --category= --event= --having= --count= --json-lines ' ;;
    'blackhole_maintenance active_sessions') own=' --wait= ' ;;
    'blackhole_maintenance active_sessions_by_account') own=' --wait= ' ;;
    'blackhole_maintenance active_sessions_by_ip') own=' --wait= ' ;;
    'blackhole_maintenance start_module') own=' --wait= ' ;;
    'blackhole_maintenance stop_module') own=' --wait= ' ;;
    'call_inspector_maintenance callid_details') own=' --wait= ' ;;
    'call_inspector_maintenance inspect_call_id') own=' --wait= ' ;;
    'callflow_maintenance all_accounts_set_classifier_deny') own=' --from=+ ' ;;
    'callflow_maintenance all_accounts_set_classifier_inherit') own=' --from=+ ' ;;
    'callflow_maintenance migrate_menus') own=' --from=+ ' ;;
    'callflow_maintenance migrate_recorded_names') own=' --from=+ ' ;;
    'callflow_maintenance update_feature_codes') own=' --from=+ ' ;;
    'changes apply') own=' --show ' ;;
    'changes confirm') own=' --status ' ;;
    'changes redo') own=' --merge --force --only= ' ;;
    'changes undo') own=' --merge --force --only= ' ;;
    'couchdb active_tasks') own=' --watch --wait ' ;;
    'couchdb backup') own=' --to=@ --all --verify ' ;;
    'couchdb compact') own=' --all --views --fragmentation= --admin-port= --wait ' ;;
    'couchdb databases') own=' --order= --top= ' ;;
    'couchdb replicate_start') own=' --continuous --create-target --source-auth=@ --target-auth=@ --wait ' ;;
    'couchdb reshard_start') own=' --on= --range= --wait ' ;;
    'couchdb restore') own=' --as= --merge ' ;;
    'couchdb view_cleanup') own=' --all ' ;;
    'crossbar_maintenance create_account') own=' --password-file=@ --no-email ' ;;
    'crossbar_maintenance update_schemas') own=' --skip-bad ' ;;
    'ecallmgr_maintenance channel_details') own=' --wait= --all-zones ' ;;
    'ecallmgr_maintenance channel_summary') own=' --wait= --all-zones ' ;;
    'ecallmgr_maintenance conference_details') own=' --wait= --all-zones ' ;;
    'ecallmgr_maintenance conference_summary') own=' --wait= --all-zones ' ;;
    'ecallmgr_maintenance flush_registrar') own=' --wait= --all-zones ' ;;
    'ecallmgr_maintenance hangup_long_running_channels') own=' --wait= --all-zones ' ;;
    'ecallmgr_maintenance registrar_details') own=' --wait= --all-zones ' ;;
    'ecallmgr_maintenance registrar_summary') own=' --wait= --all-zones ' ;;
    'fax_maintenance migrate') own=' --from=+ ' ;;
    'freeswitch api') own=' --limit= ' ;;
    'freeswitch calls') own=' --limit= ' ;;
    'freeswitch channels') own=' --limit= ' ;;
    'freeswitch events') own=' --filter= --count= --for= ' ;;
    'freeswitch originate') own=' --dialplan= --context= --caller-id-name= --caller-id-number= --answer-within= ' ;;
    'freeswitch pause') own=' --inbound --outbound --wait ' ;;
    'freeswitch registrations') own=' --limit= ' ;;
    'freeswitch resume') own=' --inbound --outbound ' ;;
    'freeswitch shutdown') own=' --when-idle --restart --cancel --wait ' ;;
    'freeswitch uuid_kill') own=' --cause= ' ;;
    'freeswitch uuid_transfer') own=' --bleg --both --dialplan= --context= ' ;;
    'haproxy clear_counters') own=' --totals ' ;;
    'haproxy drain') own=' --wait ' ;;
    'history list') own=' --since= --until= --module= --database=+ --document= --account=+ --who= ' ;;
    'jonny5_maintenance authz_details') own=' --wait= ' ;;
    'jonny5_maintenance authz_summary') own=' --wait= ' ;;
    'kamailio ban') own=' --seconds= --table= ' ;;
    'kamailio banned') own=' --failures= --table= ' ;;
    'kamailio dispatcher_add') own=' --priority= --attributes= ' ;;
    'kamailio dispatcher_set_state') own=' --probing ' ;;
    'kamailio htable_set') own=' --seconds= ' ;;
    'kamailio pike_list') own=' --hot ' ;;
    'kamailio rpc') own=' --server=+ ' ;;
    'kamailio unban') own=' --table= ' ;;
    'kapps_maintenance ensure_aggregate_accounts') own=' --from=+ ' ;;
    'kapps_maintenance ensure_aggregate_devices') own=' --from=+ ' ;;
    'kapps_maintenance ensure_aggregate_faxboxes') own=' --from=+ ' ;;
    'kapps_maintenance ensure_aggregates') own=' --from=+ ' ;;
    'kapps_maintenance ensure_reseller_id_accounts') own=' --from=+ ' ;;
    'kapps_maintenance migrate') own=' --from= ' ;;
    'kapps_maintenance migrate_limits') own=' --from=+ ' ;;
    'kapps_maintenance migrate_media') own=' --from=+ ' ;;
    'kapps_maintenance migrate_modbs') own=' --from= ' ;;
    'kapps_maintenance migrate_modbs_ranged') own=' --from= ' ;;
    'kapps_maintenance parallel_migrate') own=' --from= ' ;;
    'kapps_maintenance parallel_migrate_modbs') own=' --from= ' ;;
    'kapps_maintenance parallel_migrate_modbs_ranged') own=' --from= ' ;;
    'kapps_maintenance rebuild_db') own=' --to=@ ' ;;
    'kapps_maintenance refresh') own=' --index --from= ' ;;
    'kapps_maintenance refresh_account') own=' --index ' ;;
    'kapps_maintenance refresh_account_db') own=' --index ' ;;
    'kazoo_ledgers_maintenance current_rollovers') own=' --from=+ ' ;;
    'kazoo_ledgers_maintenance rollover_accounts') own=' --from=+ ' ;;
    'kazoo_ledgers_maintenance verify_all_rollovers') own=' --from=+ ' ;;
    'kazoo_ledgers_maintenance verify_rollovers') own=' --from=+ ' ;;
    'kazoo_modb_maintenance archive_modbs') own=' --to=@ --from=+ ' ;;
    'kazoo_modb_maintenance delete_modbs') own=' --to=@ --from=+ ' ;;
    'kazoo_modb_migrate_maintenance migrate') own=' --from=+ ' ;;
    'kazoo_services_maintenance reconcile') own=' --from=+ ' ;;
    'kazoo_voicemail_maintenance migrate') own=' --from=+ ' ;;
    'knm_bandwidth configure') own=' --verify ' ;;
    'knm_bandwidth2 configure') own=' --verify ' ;;
    'knm_carriers find') own=' --country= --city= --state= --rate-center= --type= --features= --best-effort --offset= --blocks= ' ;;
    'knm_carriers verify') own=' --all --deadline= ' ;;
    'knm_dash_e911 configure') own=' --verify ' ;;
    'knm_other configure') own=' --verify ' ;;
    'knm_simwood configure') own=' --verify ' ;;
    'knm_telnyx configure') own=' --verify ' ;;
    'knm_vitelity configure') own=' --verify ' ;;
    'knm_voip_innovations configure') own=' --verify ' ;;
    'kz_nodes list') own=' --all-zones ' ;;
    'kz_nodes media_servers') own=' --all-zones ' ;;
    'kz_nodes status') own=' --watch --all-zones ' ;;
    'kz_nodes whapps') own=' --all-zones ' ;;
    'number create') own=' --state= --carrier=+ --ported-in --public= --acting-for=+ ' ;;
    'number dump') own=' --prefix= --state= --carrier=+ ' ;;
    'number explain') own=' --account=+ ' ;;
    'number list') own=' --state= --carrier=+ ' ;;
    'number move') own=' --acting-for=+ ' ;;
    'number port_check') own=' --carrier=+ ' ;;
    'number port_status') own=' --carrier=+ ' ;;
    'number release') own=' --acting-for=+ ' ;;
    'number remove_feature') own=' --acting-for=+ ' ;;
    'number reserve') own=' --acting-for=+ ' ;;
    'number search') own=' --state= --carrier=+ ' ;;
    'number set_feature') own=' --acting-for=+ ' ;;
    'number update') own=' --overwrite --acting-for=+ ' ;;
    'omnipresence_maintenance count_current_subscriptions') own=' --wait= ' ;;
    'omnipresence_maintenance current_subscriptions') own=' --wait= ' ;;
    'rabbitmq bindings') own=' --vhost= --exchange= ' ;;
    'rabbitmq consumers') own=' --vhost= ' ;;
    'rabbitmq exchanges') own=' --vhost= ' ;;
    'rabbitmq kazoo_exchanges') own=' --vhost= ' ;;
    'rabbitmq kazoo_queues') own=' --vhost= ' ;;
    'rabbitmq purge') own=' --vhost= ' ;;
    'rabbitmq queues') own=' --vhost= ' ;;
    'stepswitch_maintenance process_number') own=' --caller-id= ' ;;
    'sysconf get') own=' --wait= ' ;;
    'sysconf set') own=' --wait= ' ;;
    'tasks_maintenance add') own=' --start ' ;;
    'tasks_maintenance start') own=' --watch ' ;;
    'teletype_maintenance restore_system_template') own=' --templates=@ ' ;;
    'teletype_maintenance restore_system_templates') own=' --templates=@ ' ;;
    'zone doctor') own=' --deadline= ' ;;
    'zone status') own=' --watch --deadline= ' ;;
    esac
}
_sup_files() {
    local cut=${current%"${current##*[${COMP_WORDBREAKS//[^@:=]}]}"}
    cut=${cut%@}
    compopt -o filenames -o default 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    COMPREPLY=("${COMPREPLY[@]#"$cut"}")
}
_sup_values() {
    local line=${COMP_LINE:0:COMP_POINT}
    mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" __complete bash "$line" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -F _sup sup kazoo-sup
