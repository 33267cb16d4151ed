-- RESCUE: put a job back that says it is queued, or failed, and is where nobody looks for it.
-- KEYS 1 the job  2 its queue  3 jobs that a worker is taking  4 all queues  5 scheduled  6 deferred  7 failed
--      8 executions of the job
-- ARGV 1 job id  2 status as it was seen  3 time of the enqueueing, as it was seen  4 seconds that a failed job is kept
-- Never touches a job that moved since it was seen, or that a worker holds.
local job, id = KEYS[1], ARGV[1]
local r = redis.call('HMGET', job, 'status', 'enqueued_at', 'data')
if r[1] ~= ARGV[2] or (r[2] or '') ~= ARGV[3] or not r[3] then return 'MOVED' end
if redis.call('LPOS', KEYS[2], id) or redis.call('LPOS', KEYS[3], id) then return 'MOVED' end
for _, registry in ipairs({KEYS[5], KEYS[6], KEYS[7]}) do
  if redis.call('ZSCORE', registry, id) then return 'MOVED' end
end
if redis.call('EXISTS', KEYS[8]) == 1 then return 'MOVED' end
if r[1] == 'failed' then
  redis.call('ZADD', KEYS[7], redis.call('TIME')[1] + ARGV[4], id)
  return 'FAILED'
end
redis.call('SADD', KEYS[4], KEYS[2])
redis.call('RPUSH', KEYS[2], id)
return 'QUEUED'
