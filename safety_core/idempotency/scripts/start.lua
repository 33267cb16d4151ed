-- START: the last question before the effect. 1 = go, 0 = the claim is no longer ours to use.
-- KEYS 1 record   ARGV 1 token
-- Never reopens anything: only a running claim of this very attempt can be started, and repeating it changes nothing.
local r = redis.call('HMGET', KEYS[1], 't', 's', 'l')
if r[1] ~= ARGV[1] then return 0 end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if now >= tonumber(r[3]) then return 0 end
if r[2] == 'S' then
  -- Written again so that a WAIT behind this repeat has a write to wait for.
  redis.call('HSET', KEYS[1], 'u', now)
  return 1
end
if r[2] ~= 'C' then return 0 end
redis.call('HSET', KEYS[1], 's', 'S', 'b', now, 'u', now)
redis.call('PERSIST', KEYS[1])
return 1
