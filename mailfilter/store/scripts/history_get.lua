-- KEYS: as with history_add. ARGV: id. Answers time, body and detail.
local number = redis.call('HGET', KEYS[3], ARGV[1])
if not number then
  return false
end
local known = redis.call('HMGET', KEYS[4], 'age', 'at', 'rows', 'size', 'last', 'sum')
if not known[1] then
  return false
end
local clock = redis.call('TIME')
local now = math.max(clock[1] * 1000000 + clock[2], tonumber(known[2]))
local age, rows, size = tonumber(known[1]), tonumber(known[3]), tonumber(known[4])
local last, sum = tonumber(known[5]), tonumber(known[6] or 0)

-- Whether a row has not expired and is within the limits; what is not goes with the next rows.
local function is_shown(number, values)
  if tonumber(values[10]) + age <= now or number + rows <= last then
    return false
  end
  local before = tonumber(values[12] or sum) - tonumber(values[8])
  return number == last or sum - before <= size
end

local entry = redis.call('XRANGE', KEYS[1], number .. '-0', number .. '-0')[1]
if not entry or not is_shown(tonumber(number), entry[2]) then
  return false
end
local bodies = redis.call('HMGET', KEYS[2], 'b' .. number, 'd' .. number)
return {entry[2][4], bodies[1] or '', bodies[2] or ''}
