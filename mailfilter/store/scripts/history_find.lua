-- KEYS: as with history_add. ARGV: number that rows must be below or '', earliest time or '',
-- time that rows must be before or '', most rows, then terms between NULs.
-- Answers the number to go on below or '', then id, time, terms and body of each row.
local stream, bodies = KEYS[1], KEYS[2]
local since, til, limit = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
-- What one call may look at and answer, so that others need not wait for long.
local MOST_ROWS, MOST_OCTETS, BATCH = 1000, 8388608, 100

if not last then
  return {''}
end

local function matches(values)
  local time = tonumber(values[4]) or 0
  if (since and time < since) or (til and time >= til) then
    return false
  end
  for i = 5, #ARGV do
    if not string.find(values[6], ARGV[i], 1, true) then
      return false
    end
  end
  return true
end

local answer, looked, read, found, octets = {''}, 0, 0, 0, 0
local top = '+'
if ARGV[1] ~= '' then
  top = string.format('%.0f-0', tonumber(ARGV[1]) - 1)
end

-- Answers whether that was all, and the number to go on below.
local function look(entry)
  local number, values = string.match(entry[1], '^%d+'), entry[2]
  if not is_shown(tonumber(number), values) then
    return true, ''
  end
  looked, read = looked + 1, read + #values[6]
  if matches(values) then
    local body = redis.call('HGET', bodies, 'b' .. number) or ''
    octets = octets + #body + #values[6]
    if found > 0 and octets > MOST_OCTETS then
      return true, string.format('%.0f', tonumber(number) + 1)
    end
    found = found + 1
    local length = #answer
    answer[length + 1], answer[length + 2] = values[2], values[4]
    answer[length + 3], answer[length + 4] = values[6], body
  end
  if found == limit or looked == MOST_ROWS or read > MOST_OCTETS then
    return true, number
  end
  top = string.format('%.0f-0', tonumber(number) - 1)
  return false
end

while top ~= '0-0' do
  local entries = redis.call('XREVRANGE', stream, top, '-', 'COUNT', BATCH)
  for _, entry in ipairs(entries) do
    local is_all, cursor = look(entry)
    if is_all then
      answer[1] = cursor
      return answer
    end
  end
  if #entries < BATCH then
    break
  end
end
return answer
