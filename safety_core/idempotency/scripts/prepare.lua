-- PREPARE: trust this store from now on, under the identity that it has at this moment.
-- KEYS 1 the store's own record   ARGV 1 '1': also where another identity was recorded  2 identity expected, or ''
-- Never replaces a recorded identity unasked: that would bless a store that may have lost claims.
local ident = string.sub(string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'), 1, 20) ..
  string.sub(string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)'), 1, 20)
local saved = redis.call('HGET', KEYS[1], 'identity')
if saved == ident then return {'SAME', ident} end
if ARGV[2] ~= '' and ARGV[2] ~= ident then return {'MOVED', ident} end
if saved and ARGV[1] ~= '1' then return {'QUARANTINED', ident} end
redis.call('HSET', KEYS[1], 'identity', ident)
return {saved and 'REPLACED' or 'FIRST', ident}
