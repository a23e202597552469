-- KEYS: hash. Answers names and values by turns, unless the values are more than a call may have.
-- They are read some at a time, so as not to hold more than that; some may be there twice.
local MOST_OCTETS, SOME = 8388608, 16
-- Fields, each up to 1 MiB, that are within that in any case.
local FEW = 8

if redis.call('HLEN', KEYS[1]) <= FEW then
  return redis.call('HGETALL', KEYS[1])
end
local answer, octets, cursor = {}, 0, '0'
repeat
  local found = redis.call('HSCAN', KEYS[1], cursor, 'COUNT', SOME)
  cursor = found[1]
  for i, item in ipairs(found[2]) do
    answer[#answer + 1] = item
    if i % 2 == 0 then
      octets = octets + #item
    end
  end
  if octets > MOST_OCTETS then
    return {err = 'TOOLARGE an answer of more than ' .. MOST_OCTETS .. ' octets'}
  end
until cursor == '0'
return answer
