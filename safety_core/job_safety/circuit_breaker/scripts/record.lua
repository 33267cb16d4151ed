-- RECORD: how a call ended. Repeated under one token it counts once and answers the same.
-- KEYS by scope: hash, sorted set
-- ARGV 1 token  2 retention, ms  3 not before, ms from now; 0 where the dependency named none
--      then by scope: outcome (S success, F failure, R rate limit or ban, N nothing learnt)  epoch of the permit
--      threshold  window, ms  open for, ms  successes that close
-- Never counts the outcome of a call that began in another epoch or whose permit has ended. Only a limit or a ban of
-- the dependency acts whenever it comes: it says itself how long it lasts.
local token, retention, not_before = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local by = 'r' .. token
local answer = {}

local function judge(c, set, outcome, epoch, threshold, window, open_for, successes)
  if c.by == by then return c.w, 'counted' end
  if c.forced then return '', 'forced' end
  if outcome == 'R' then
    local ends = now + math.max(open_for, not_before)
    if c.s == 'O' then
      if ends > c.u and not c.lapsed then
        redis.call('HSET', c.key, 'u', ends, 'y', 'limit')
        redis.call('PEXPIRE', c.key, retention + ends - now)
      end
      return '', 'counted'
    end
    move(c, set, 'O', ends, by, 'limit', retention)
    return c.w, 'counted'
  end
  if epoch ~= c.e then return '', 'stale' end
  if c.s == 'C' then
    if outcome ~= 'F' then return '', outcome == 'S' and 'counted' or 'nothing' end
    redis.call('ZREMRANGEBYSCORE', set, '-inf', now - window)
    redis.call('ZADD', set, 'NX', now, token)
    redis.call('PEXPIRE', set, window)
    if redis.call('ZCARD', set) < threshold then return '', 'counted' end
    move(c, set, 'O', now + open_for, by, 'failures', retention)
    return c.w, 'counted'
  end
  local ends = redis.call('ZSCORE', set, token)
  redis.call('ZREM', set, token)
  if c.s ~= 'H' or not ends or tonumber(ends) <= now then return '', 'stale' end
  if outcome == 'N' then return '', 'nothing' end
  if outcome == 'F' then
    move(c, set, 'O', now + open_for, by, 'probe', retention)
    return c.w, 'counted'
  end
  if c.k + 1 < successes then
    redis.call('HSET', c.key, 'k', c.k + 1)
    return '', 'counted'
  end
  move(c, set, 'C', 0, by, '', retention)
  return c.w, 'counted'
end

for i = 1, #KEYS / 2 do
  local a = 3 + 6 * (i - 1)
  local c = read(KEYS[2 * i - 1])
  local moved, counted = judge(c, KEYS[2 * i], ARGV[a + 1], tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3]),
    tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5]), tonumber(ARGV[a + 6]))
  answer[#answer + 1] = counted
  answer[#answer + 1] = moved
  answer[#answer + 1] = c.e
  answer[#answer + 1] = c.forced or c.s
  answer[#answer + 1] = math.max(0, c.u - now)
end
return answer
