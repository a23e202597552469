-- KEYS: as with history_add. Answers how many rows there were that were shown.
if not last then
  redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
  return 0
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
