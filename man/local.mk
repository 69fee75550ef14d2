dist_man_MANS += %D%/bulkhead-access.conf.5 %D%/bulkhead-policy.5 %D%/bulkhead-rpc.7 %D%/virtlockd.8 %D%/virtlogd.8 %D%/virtqemud.8
