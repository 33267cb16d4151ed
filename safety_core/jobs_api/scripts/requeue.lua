-- REQUEUE: take a failed job out of its registry and into its queue, both or neither. Repeated under one token, once.
-- KEYS 1 registry of failed jobs  2 the job  3 its queue  4 all queues  5 registry of scheduled jobs
--      6 lock of the queue's scheduler
-- ARGV 1 job id  2 score in the registry, as it was seen  3 token  4 time of the enqueueing, ISO 8601
--      5 seconds to wait, 0 none; without a scheduler it is not waited
-- Never touches a job that is not failed any more, that failed anew, or that is in its queue already.
local failed, job, queue = KEYS[1], KEYS[2], KEYS[3]
local id, token = ARGV[1], ARGV[3]
local last = redis.call('HGET', job, 'requeue_token')
if last and string.sub(last, 1, #token + 1) == token .. ':' then return string.sub(last, #token + 2) end
local score = redis.call('ZSCORE', failed, id)
if not score then return 'NOT_FAILED' end
if tonumber(score) ~= tonumber(ARGV[2]) then return 'CHANGED' end
local r = redis.call('HMGET', job, 'data', 'rate_limit_key', 'ttl')
if not r[1] then
  redis.call('ZREM', failed, id)
  return 'GONE'
end
if r[2] and r[2] ~= '' then return 'RATE_LIMITED' end

redis.call('ZREM', failed, id)
local word = 'QUEUED'
local delay = tonumber(ARGV[5])
if redis.call('LPOS', queue, id) then
  word = 'ALREADY_QUEUED'
  redis.call('HSET', job, 'status', 'queued')
elseif delay > 0 and redis.call('EXISTS', KEYS[6]) == 1 then
  word = 'SCHEDULED'
  redis.call('HSET', job, 'status', 'scheduled')
  redis.call('ZADD', KEYS[5], redis.call('TIME')[1] + math.ceil(delay), id)
else
  redis.call('HSET', job, 'status', 'queued')
  redis.call('SADD', KEYS[4], queue)
  redis.call('RPUSH', queue, id)
end
redis.call('HSET', job, 'enqueued_at', ARGV[4], 'started_at', '', 'ended_at', '', 'last_heartbeat', '',
  'requeue_token', token .. ':' .. word)
redis.call('HDEL', job, 'exc_info')
if r[3] and tonumber(r[3]) and tonumber(r[3]) > 0 then
  redis.call('EXPIRE', job, r[3])
else
  redis.call('PERSIST', job)
end
return word
