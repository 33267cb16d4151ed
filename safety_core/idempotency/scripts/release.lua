-- RELEASE: this attempt certainly ran no effect and never will; the next claimant need not wait for the lease.
-- KEYS 1 record   ARGV 1 token  2 retention ms
-- Never touches a record that another attempt, a resolution or a finish has taken over.
local r = redis.call('HMGET', KEYS[1], 't', 's')
if r[1] ~= ARGV[1] then return 0 end
if r[2] == 'D' or r[2] == 'F' then return 0 end
redis.call('HSET', KEYS[1], 's', 'C', 't', '', 'l', 0)
redis.call('HDEL', KEYS[1], 'b', 'd', 'x')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
