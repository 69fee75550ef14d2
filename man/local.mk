dist_man_MANS += %D%/bulkhead-rpc.7
