-- KEYS: as with history_add. ARGV: id. Answers time, body and detail.
local number = redis.call('HGET', KEYS[3], ARGV[1])
if not number then
  return false
end
if not last then
  return false
end

local entry = redis.call('XRANGE', KEYS[1], number .. '-0', number .. '-0')[1]
if not entry or not is_shown(tonumber(number), entry[2]) then
  return false
end
local bodies = redis.call('HMGET', KEYS[2], 'b' .. number, 'd' .. number)
return {entry[2][4], bodies[1] or '', bodies[2] or ''}
