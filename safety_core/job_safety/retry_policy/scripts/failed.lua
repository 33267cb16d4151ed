-- FAILED: the job failed just now. From here its next cooldown runs.
-- KEYS 1 the job's record   ARGV 1 wait that was asked for, ms  2 Unix ms that was named, 0 none  3 retention ms
-- Never shortens a wait that was asked for earlier, and never takes one of more than 366 days.
local key = KEYS[1]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local barred = math.max(tonumber(redis.call('HGET', key, 'b') or 0), now + ARGV[1], tonumber(ARGV[2]))
redis.call('HSET', key, 'w', now, 'b', math.min(barred, now + 31622400000))
redis.call('PEXPIRE', key, ARGV[3])
return now
