-- LIMIT: give one job a limit of its own, which stands above the settings and above what the job says.
-- KEYS 1 the job's record   ARGV 1 most retries  2 retention ms
redis.call('HSET', KEYS[1], 'm', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
