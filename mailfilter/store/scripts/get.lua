-- KEYS: values. Answers them, unless they are more than a call may have.
local MOST_OCTETS = 8388608

local answer, octets = {}, 0
for i, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  answer[i] = value
  if value then
    octets = octets + #value
    if octets > MOST_OCTETS then
      return {err = 'TOOLARGE an answer of more than ' .. MOST_OCTETS .. ' octets'}
    end
  end
end
return answer
