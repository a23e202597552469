-- KEYS: hash of positions, stream of entries. ARGV: entries. Answers the position of the last.
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or 0)
for _, entry in ipairs(ARGV) do
  last = last + 1
  redis.call('XADD', KEYS[2], string.format('%.0f-0', last), 'd', entry)
end
redis.call('HSETNX', KEYS[1], 'first', 1)
redis.call('HSET', KEYS[1], 'last', string.format('%.0f', last))
return last
