-- One scope of a breaker: what stands in its hash, and how it moves. Goes before the breaker's scripts.
-- Hash of a scope: s state (C, O, H)  e epoch  u open until, ms  k successes of this HALF_OPEN
--   by, w who moved it last and how  y why it is open
--   fs forced state  fu forced until, ms  fa actor  fr reason
-- Sorted set of a scope: in CLOSED token -> when it failed; in HALF_OPEN token -> when its permit ends.
-- Every time is the server's. An epoch is never used twice, not even where the hash was lost.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)

local function read(key)
  local r = redis.call('HMGET', key, 's', 'e', 'u', 'k', 'by', 'w', 'y', 'fs', 'fu')
  local c = {key = key, s = r[1] or 'C', e = tonumber(r[2] or 0), u = tonumber(r[3] or 0), k = tonumber(r[4] or 0),
    by = r[5] or '', w = r[6] or '', y = r[7] or ''}
  if r[8] then
    local ends = tonumber(r[9])
    if ends > now then
      c.forced, c.ends = r[8], ends
    else
      -- The override has run out: what was forced open must prove itself, what was forced closed starts afresh.
      c.lapsed, c.e, c.s, c.u, c.k, c.y = true, c.e + 1, r[8], ends, 0, 'override'
    end
  end
  return c
end

local function move(c, set, to, ends, by, why, retention)
  local before = c.s
  c.e = math.max(c.e + 1, now)
  c.s, c.u, c.w = to, ends, before .. to
  redis.call('HSET', c.key, 's', to, 'e', c.e, 'u', ends, 'k', 0, 'by', by, 'w', c.w, 'y', why)
  redis.call('HDEL', c.key, 'fs', 'fu', 'fa', 'fr')
  redis.call('DEL', set)
  redis.call('PEXPIRE', c.key, retention + math.max(0, ends - now))
end
