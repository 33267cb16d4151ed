-- DECIDE: may this job be retried now, and count the attempt before it runs. Repeated under one token, it counts once.
-- KEYS 1 the job's record
-- ARGV 1 token  2 most retries, by the settings  3 first cooldown ms  4 '1': it doubles with each attempt
--      5 longest cooldown ms  6 jitter, 0 to 1  7 retention ms  8 '1': count it, '0': only look  9 '1': forced
--      10 when the job failed, ms, 0 unknown  11 most retries, by the job itself, '' unknown
-- Never counts what it refuses, and never writes when it only looks.
local key, counts = KEYS[1], ARGV[8] == '1'
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local r = redis.call('HMGET', key, 'n', 'a', 'w', 'b', 't', 'm')
local n = tonumber(r[1] or 0)
local most = tonumber(r[6] or (ARGV[11] ~= '' and ARGV[11]) or ARGV[2])
if counts and r[5] == ARGV[1] then
  -- Written again so that a WAIT behind this repeat has a write to wait for.
  redis.call('HSET', key, 't', ARGV[1])
  return {'ALLOWED', n, most, 0}
end

local since = math.max(tonumber(r[2] or 0), tonumber(r[3] or 0), math.min(tonumber(ARGV[10]), now))
if since > now then
  -- The clock went back: the cooldown begins anew, and does not last until the clock is where it was.
  since = now
  if counts and r[2] then redis.call('HSET', key, 'a', math.min(tonumber(r[2]), now)) end
  if counts and r[3] then redis.call('HSET', key, 'w', math.min(tonumber(r[3]), now)) end
end
local due, word = 0, 'COOLDOWN'
if since > 0 then
  local wait = tonumber(ARGV[3])
  if ARGV[4] == '1' then wait = wait * 2 ^ math.min(n, 40) end
  wait = math.min(wait, tonumber(ARGV[5]))
  -- The same draw for every caller and every look, so that asking often gains nothing.
  local draw = tonumber(string.sub(redis.sha1hex(key .. ':' .. n), 1, 8), 16) / 4294967296
  due = since + math.floor(wait * (1 - tonumber(ARGV[6]) * draw))
end
local barred = tonumber(r[4] or 0)
if barred > now and barred >= due then due, word = barred, 'NOT_BEFORE' end

if ARGV[9] ~= '1' then
  if n >= most then return {'MAX_ATTEMPTS', n, most, 0} end
  if due > now then return {word, n, most, due - now} end
end
if counts then
  redis.call('HSET', key, 'n', n + 1, 'a', now, 't', ARGV[1])
  redis.call('PEXPIRE', key, ARGV[7])
end
return {'ALLOWED', n + 1, most, 0}
