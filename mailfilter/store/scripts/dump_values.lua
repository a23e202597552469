-- KEYS: values or counters. Answers value and milliseconds until expiry of as many as fit.
local MOST_OCTETS = 4194304
local answer, octets = {}, 0
for _, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  octets = octets + #(value or '')
  answer[#answer + 1] = value
  answer[#answer + 1] = redis.call('PTTL', key)
  if octets > MOST_OCTETS then
    break
  end
end
return answer
