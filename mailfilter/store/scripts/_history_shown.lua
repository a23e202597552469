-- What scripts that read a history begin with; KEYS as with history_add. Sets `last`, the number of
-- the newest row, and `is_shown`; neither where there is no history.
local last, is_shown

do
  local known = redis.call('HMGET', KEYS[4], 'age', 'at', 'rows', 'size', 'last', 'sum')
  if known[1] then
    local clock = redis.call('TIME')
    local now = math.max(clock[1] * 1000000 + clock[2], tonumber(known[2]))
    local age, rows, size = tonumber(known[1]), tonumber(known[3]), tonumber(known[4])
    local sum = tonumber(known[6] or 0)
    last = tonumber(known[5])

    -- Whether a row has not expired and is within the limits; what is not goes with the next rows.
    is_shown = function(number, values)
      if tonumber(values[10]) + age <= now or number + rows <= last then
        return false
      end
      local before = tonumber(values[12] or sum) - tonumber(values[8])
      return number == last or sum - before <= size
    end
  end
end
