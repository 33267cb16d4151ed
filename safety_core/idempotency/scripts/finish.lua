#!lua flags=allow-oom
-- FINISH: what became of the effect. 1 = recorded, 0 = the claim was lost.
-- KEYS 1 record   ARGV 1 token  2 state D, U or F  3 field to write (r result, g digest, x reason)  4 its value
--                      5 retention ms
-- Never writes under another attempt's token, never creates a record, never changes DONE or FAILED.
local key, state = KEYS[1], ARGV[2]
local r = redis.call('HMGET', key, 't', 's')
if r[1] ~= ARGV[1] then return 0 end
local s = r[2]
if s == 'D' or s == 'F' then
  if s ~= state then return 0 end
  -- Written again so that a WAIT behind this repeat has a write to wait for.
  redis.call('HSET', key, ARGV[3], ARGV[4])
  return 1
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if state == 'U' then
  redis.call('HSET', key, 's', 'U', 'd', now, 'u', now, ARGV[3], ARGV[4])
  redis.call('PERSIST', key)
else
  redis.call('HSET', key, 's', state, 'u', now, ARGV[3], ARGV[4])
  redis.call('PEXPIRE', key, ARGV[5])
end
return 1
