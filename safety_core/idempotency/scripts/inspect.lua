-- INSPECT: the record as it is, and the server's time.
-- KEYS 1 record
-- Never writes.
local t = redis.call('TIME')
local r = redis.call('HMGET', KEYS[1], 's', 't', 'h', 'e', 'l', 'f', 'i', 'b', 'd', 'u', 'r', 'g', 'x')
table.insert(r, 1, t[1] * 1000 + math.floor(t[2] / 1000))
return r
