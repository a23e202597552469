-- KEYS: hash of positions, hash of readers. ARGV: reader, position. Answers how far it is.
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or 0)
local before = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or 0)
local position = math.max(before, math.min(tonumber(ARGV[2]), last))
redis.call('HSETNX', KEYS[1], 'first', 1)
redis.call('HSETNX', KEYS[1], 'last', 0)
redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', position))
return position
