-- KEYS: as with history_add. ARGV: id. Answers time, body and detail.
local number = redis.call('HGET', KEYS[3], ARGV[1])
if not number then
  return false
end
local entry = redis.call('XRANGE', KEYS[1], number .. '-0', number .. '-0')[1]
local known = redis.call('HMGET', KEYS[4], 'age', 'at')
if not entry or not known[1] then
  return false
end
local clock = redis.call('TIME')
local now = math.max(clock[1] * 1000000 + clock[2], tonumber(known[2]))
if tonumber(entry[2][10]) + tonumber(known[1]) <= now then
  return false
end
local bodies = redis.call('HMGET', KEYS[2], 'b' .. number, 'd' .. number)
return {entry[2][4], bodies[1] or '', bodies[2] or ''}
