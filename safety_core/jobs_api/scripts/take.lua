-- TAKE: may one more job be put back now. A bucket that fills steadily, shared by every process of the API.
-- KEYS 1 the bucket   ARGV 1 its size  2 ms in which one more fits in
-- Returns 0 where it may, else the ms after which it may.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local size, each = tonumber(ARGV[1]), tonumber(ARGV[2])
local r = redis.call('HMGET', KEYS[1], 'left', 'at')
local left, at = tonumber(r[1] or size), tonumber(r[2] or now)
left = math.min(size, left + math.max(0, now - at) / each)
local wait = 0
if left >= 1 then left = left - 1 else wait = math.ceil((1 - left) * each) end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(size * each) + 1000)
return wait
