-- KEYS: hash of positions, hash of parts. ARGV: position, token, number of parts, last part, and
-- what the keys of parts begin with, to which a token is added.
-- Answers 1, 0 if there is one of a later position, -1 if parts are missing.
local known = redis.call('HMGET', KEYS[1], 'snapshot', 'token')
if known[1] and tonumber(known[1]) > tonumber(ARGV[1]) then
  redis.call('UNLINK', KEYS[2])
  return 0
end
local count = tonumber(ARGV[3])
redis.call('HSET', KEYS[2], count - 1, ARGV[4])
if redis.call('HLEN', KEYS[2]) ~= count then
  redis.call('UNLINK', KEYS[2])
  return -1
end
redis.call('PERSIST', KEYS[2])
redis.call('HSETNX', KEYS[1], 'first', 1)
redis.call('HSETNX', KEYS[1], 'last', 0)
redis.call('HSET', KEYS[1], 'snapshot', ARGV[1], 'token', ARGV[2], 'parts', ARGV[3])
if known[2] and known[2] ~= ARGV[2] then
  redis.call('UNLINK', ARGV[5] .. known[2])
end
return 1
