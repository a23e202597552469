-- KEYS: stream of entries. ARGV: position, most entries. Answers positions and entries.
local MOST_OCTETS, BATCH = 8388608, 16
local left, octets, answer = tonumber(ARGV[2]), 0, {}
local from = string.format('%.0f-0', tonumber(ARGV[1]) + 1)
while left > 0 do
  local entries = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', math.min(left, BATCH))
  for _, entry in ipairs(entries) do
    local position, data = string.match(entry[1], '^%d+'), entry[2][2]
    octets = octets + #data
    if octets > MOST_OCTETS and #answer > 0 then
      return answer
    end
    answer[#answer + 1] = position
    answer[#answer + 1] = data
    from = string.format('%.0f-0', tonumber(position) + 1)
  end
  if #entries < BATCH then
    break
  end
  left = left - #entries
end
return answer
