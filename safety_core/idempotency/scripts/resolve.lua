-- RESOLVE: a reconciler's word on a doubt. The token goes, so that a holder that wakes later is told LOST.
-- KEYS 1 record
-- ARGV 1 state seen ('' absent)  2 token seen  3 fence seen  4 new state D or F  5 field (r, g or x)  6 its value
--      7 store identity  8 retention ms  9 effect type  10 hash of the payload that was done, as far as known, or ''
-- Never overrules a record that has moved since it was seen, and never one whose lease still runs.
local key = KEYS[1]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local r = redis.call('HMGET', key, 's', 't', 'f', 'l', 'e')
if (r[1] or '') ~= ARGV[1] or (r[2] or '') ~= ARGV[2] or (r[3] or '0') ~= ARGV[3] then return 'MOVED' end
if (r[1] == 'S' or r[1] == 'C') and tonumber(r[4] or 0) > now then return 'RUNNING' end
redis.call('HDEL', key, 'r', 'g', 'x', 'b', 'd')
redis.call('HSET', key, 's', ARGV[4], 't', '', 'l', 0, 'f', ARGV[3], 'i', ARGV[7], 'u', now, 'e', r[5] or ARGV[9],
  'h', ARGV[10], ARGV[5], ARGV[6])
redis.call('PEXPIRE', key, ARGV[8])
return 'OK'
