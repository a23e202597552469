-- KEYS: hash of positions. ARGV: what the keys of parts begin with.
-- Answers position, token, number of parts, and the first part unless it is gone.
local known = redis.call('HMGET', KEYS[1], 'snapshot', 'token', 'parts')
if not known[1] then
  return false
end
return {known[1], known[2], known[3], redis.call('HGET', ARGV[1] .. known[2], '0')}
