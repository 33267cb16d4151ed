-- CLAIM: may this attempt run the effect? Applied once or many times under one token, it answers the same.
-- KEYS 1 record
-- ARGV 1 token  2 payload hash  3 effect type  4 store identity  5 lease ms  6 retention ms
--      7 state a new claim gets (C, or S where no START follows)  8 '1': a FAILED record may be claimed again
--      9 '1': the store is in quarantine
--      optional 10 token of an earlier attempt that certainly ran no effect  11 minted at, ms
-- Never reopens DONE or UNCERTAIN, and never trusts a claim that was made before the store's last loss.
local key, token, ident = KEYS[1], ARGV[1], ARGV[4]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local r = redis.call('HMGET', key, 's', 'h', 't', 'l', 'f', 'i', 'r', 'g', 'x', 'b', 'd')
local s, f = r[1], tonumber(r[5] or 0)

local function take(fence)
  local lease = now + ARGV[5]
  if ARGV[7] == 'S' then
    redis.call('HSET', key, 's', 'S', 't', token, 'h', ARGV[2], 'e', ARGV[3], 'l', lease, 'f', fence,
      'i', ident, 'u', now, 'b', now)
    if s then redis.call('PERSIST', key) end
  else
    redis.call('HSET', key, 's', 'C', 't', token, 'h', ARGV[2], 'e', ARGV[3], 'l', lease, 'f', fence,
      'i', ident, 'u', now)
    redis.call('PEXPIRE', key, ARGV[6])
  end
  return {'NEW', fence, lease}
end

if not s then
  if ARGV[9] == '1' then return {'QUARANTINED', 0} end
  local minted = tonumber(ARGV[11] or 0)
  if minted > 0 and now - minted > tonumber(ARGV[6]) then return {'EXPIRED', 0} end
  return take(1)
end
if r[2] == '' then
  -- Written by a reconciler that was not told the payload: only the effect type can be compared.
  if redis.call('HGET', key, 'e') ~= ARGV[3] then return {'CONFLICT', f, s} end
elseif r[2] ~= ARGV[2] then
  return {'CONFLICT', f, s}
end
if s == 'D' then return {'DONE', f, r[7], r[8]} end

local lease = tonumber(r[4] or 0)
local known = r[6] == ident
if r[3] == token and lease > now and (s == 'C' or (s == 'S' and ARGV[7] == 'S')) then
  if not known then return {'QUARANTINED', f} end
  -- Written again so that a WAIT behind this repeat has a write to wait for.
  redis.call('HSET', key, 'u', now)
  return {'NEW', f, lease}
end
if known and ARGV[10] and ARGV[10] ~= '' and r[3] == ARGV[10] and s ~= 'F' then
  redis.call('HDEL', key, 'b', 'd')
  return take(f + 1)
end
if s == 'U' then return {'IN_DOUBT', f, r[10], r[11]} end
if s ~= 'F' and lease > now then return {'BUSY', f, lease - now, s} end
if s == 'S' then
  redis.call('HSET', key, 's', 'U', 'd', lease, 'u', now)
  redis.call('PERSIST', key)
  return {'IN_DOUBT', f, r[10], tostring(lease)}
end
-- CLAIMED with its lease over, or FAILED: nothing was ever started, as far as this store remembers.
if not known then
  if ARGV[9] == '1' then return {'QUARANTINED', f} end
  redis.call('HSET', key, 's', 'U', 'd', now, 'u', now)
  redis.call('PERSIST', key)
  return {'IN_DOUBT', f, r[10], tostring(now)}
end
if s == 'F' then
  if r[3] == token then return {'ENDED', f} end
  if ARGV[8] ~= '1' then return {'FAILED', f, r[9]} end
end
redis.call('HDEL', key, 'x', 'b', 'd')
return take(f + 1)
