-- FORGET: the job succeeded, so that its attempts count no more.
-- KEYS 1 the job's record
return redis.call('DEL', KEYS[1])
