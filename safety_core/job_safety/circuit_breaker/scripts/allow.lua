-- ALLOW: may this call go ahead? Repeated under one token it answers the same. The outermost scope comes first.
-- KEYS by scope: hash, sorted set
-- ARGV 1 token  2 retention, ms  then by scope: probes at once, lease of a probe, ms
-- Never lets a call through an OPEN scope, nor more than the probes through a HALF_OPEN one; takes no probe of one
-- scope where another refuses.
local token, retention = ARGV[1], tonumber(ARGV[2])
local seen = {}
for i = 1, #KEYS / 2 do
  local c = read(KEYS[2 * i - 1])
  c.set, c.probes, c.lease = KEYS[2 * i], tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  seen[i] = c
  if c.forced == 'O' then return {0, i - 1, 'O', c.ends - now, 'override', c.e} end
  if not c.forced then
    if c.s == 'O' and c.u > now then return {0, i - 1, 'O', c.u - now, c.y, c.e} end
    if c.s == 'H' then
      local mine = redis.call('ZSCORE', c.set, token)
      c.held = mine and tonumber(mine) > now
      local live = '(' .. string.format('%d', now)
      if not c.held and redis.call('ZCOUNT', c.set, live, '+inf') >= c.probes then
        local first = redis.call('ZRANGEBYSCORE', c.set, live, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
        return {0, i - 1, 'H', tonumber(first[2]) - now, 'probes', c.e}
      end
    end
  end
end
local answer = {1}
for i, c in ipairs(seen) do
  local moved = ''
  if not c.forced then
    if c.s == 'O' then
      move(c, c.set, 'H', 0, 'a' .. token, '', retention)
      moved = 'OH'
    elseif c.s == 'H' and c.by == 'a' .. token then
      moved = c.w
    end
    if c.s == 'H' and not c.held then
      redis.call('ZREMRANGEBYSCORE', c.set, '-inf', now)
      redis.call('ZADD', c.set, now + c.lease, token)
      redis.call('PEXPIRE', c.set, retention)
      redis.call('PEXPIRE', c.key, retention)
    end
  end
  answer[#answer + 1] = c.forced or c.s
  answer[#answer + 1] = c.e
  answer[#answer + 1] = moved
end
return answer
