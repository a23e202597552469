-- KEYS: as with history_add. Answers how many rows there were that were shown.
local known = redis.call('HMGET', KEYS[4], 'age', 'at', 'rows', 'size', 'last', 'sum')
if not known[1] then
  redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
  return 0
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

-- Rows are in the order in which they go: what is shown begins somewhere, and there is no gap.
local high = last + 1
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local low = oldest and tonumber(string.match(oldest[1], '^%d+')) or high
while low < high do
  local middle = math.floor((low + high) / 2)
  local entry = redis.call('XRANGE', KEYS[1], string.format('%.0f-0', middle), '+', 'COUNT', 1)[1]
  if not entry or is_shown(tonumber(string.match(entry[1], '^%d+')), entry[2]) then
    high = middle
  else
    low = middle + 1
  end
end
-- They are freed beside what the server does for others.
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return last + 1 - low
