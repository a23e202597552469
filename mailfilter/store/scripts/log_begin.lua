-- KEYS: hash of positions, stream of entries. ARGV: position.
if tonumber(redis.call('HGET', KEYS[1], 'last') or 0) > 0 or redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
local first = string.format('%.0f', tonumber(ARGV[1]) + 1)
redis.call('HSET', KEYS[1], 'first', first, 'last', ARGV[1])
return 1
