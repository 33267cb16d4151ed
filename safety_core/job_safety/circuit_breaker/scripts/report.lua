-- REPORT: what stands of one scope. Only reads.
-- KEYS hash, sorted set   ARGV 1 window, ms
local c = read(KEYS[1])
local low = '(' .. string.format('%d', c.s == 'H' and now or now - tonumber(ARGV[1]))
local held = c.s == 'O' and 0 or redis.call('ZCOUNT', KEYS[2], low, '+inf')
local told = redis.call('HMGET', KEYS[1], 'fa', 'fr')
return {c.s, c.e, math.max(0, c.u - now), held, c.k, c.y, c.forced or '', c.forced and c.ends - now or 0,
  c.forced and told[1] or '', c.forced and told[2] or ''}
