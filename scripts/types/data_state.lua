--- Data states of a node (GV30); names.data_state has their texts. FROZEN.
return { NO_DATA = 0, FRESH = 1, STALE = 2, OFFLINE = 3 }
