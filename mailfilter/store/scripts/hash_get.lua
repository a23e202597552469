-- KEYS: hash. ARGV: fields. Answers their values, unless they are more than a call may have.
local MOST_OCTETS = 8388608

local answer, octets = {}, 0
for i, field in ipairs(ARGV) do
  local value = redis.call('HGET', KEYS[1], field)
  answer[i] = value
  if value then
    octets = octets + #value
    if octets > MOST_OCTETS then
      return {err = 'TOOLARGE an answer of more than ' .. MOST_OCTETS .. ' octets'}
    end
  end
end
return answer
