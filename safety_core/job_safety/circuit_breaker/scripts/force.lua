-- FORCE: an operator holds a scope in one state for a while, or lets go of it. Repeated under one token it is one act.
-- KEYS hash, sorted set   ARGV 1 token  2 retention, ms  3 state (C, O) or '' to let go  4 for, ms  5 actor  6 reason
-- Never forgets that a call began before: each act begins a new epoch.
local token, retention = ARGV[1], tonumber(ARGV[2])
local by = 'f' .. token
local c = read(KEYS[1])
if c.by == by then return {c.w, c.e, c.forced and c.ends or 0} end
local before = c.forced or c.s
if ARGV[3] == '' then
  if not c.forced then return {'', c.e, 0} end
  if c.forced == 'O' then
    -- Due at once: the next call is a probe.
    c.s = 'O'
    move(c, KEYS[2], 'O', now, by, 'override', retention)
  else
    c.s = 'C'
    move(c, KEYS[2], 'C', 0, by, '', retention)
  end
  return {c.w, c.e, 0}
end
local ends = now + tonumber(ARGV[4])
c.s = before
move(c, KEYS[2], ARGV[3], ends, by, 'override', retention)
redis.call('HSET', KEYS[1], 'fs', ARGV[3], 'fu', ends, 'fa', ARGV[5], 'fr', ARGV[6])
return {c.w, c.e, ends}
