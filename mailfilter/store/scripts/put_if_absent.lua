-- KEYS: key. ARGV: milliseconds until expiry or '', value. Answers what was there.
local found = redis.call('GET', KEYS[1])
if found then
  return found
end
if ARGV[1] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
end
return false
