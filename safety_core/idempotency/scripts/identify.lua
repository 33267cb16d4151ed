-- IDENTIFY: which store is this, and is it the one that was prepared?
-- KEYS 1 the store's own record
-- Never blesses a store: it only notes when an unknown identity was first seen (the earliest proof of a loss).
local server = redis.call('INFO', 'server')
local replication = redis.call('INFO', 'replication')
local memory = redis.call('INFO', 'memory')
local persistence = redis.call('INFO', 'persistence')
local role = string.match(replication, 'role:(%a+)')
local ident = string.sub(string.match(server, 'run_id:(%x+)'), 1, 20) ..
  string.sub(string.match(replication, 'master_replid:(%x+)'), 1, 20)
local saved = redis.call('HMGET', KEYS[1], 'identity', 'seen', 'since')
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local since = tonumber(saved[3] or 0)
if saved[1] and saved[1] ~= ident and saved[2] ~= ident and role == 'master' then
  since = now
  redis.call('HSET', KEYS[1], 'seen', ident, 'since', now)
end
return {ident, saved[1], since, now, role, string.match(server, 'redis_version:([%d.]+)'),
  string.match(memory, 'maxmemory_policy:([%a-]+)'), string.match(memory, 'maxmemory:(%d+)'),
  string.match(persistence, 'aof_enabled:(%d)')}
