-- KEYS: hash of positions, stream of entries. ARGV: entries. Answers the position of the last.
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or 0)
if last == 0 then
  -- A server that evicts keys may have taken the positions and left the entries.
  local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
  if newest then
    local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
    last = tonumber(string.match(newest[1], '^%d+'))
    redis.call('HSET', KEYS[1], 'first', string.match(oldest[1], '^%d+'))
  end
end
for _, entry in ipairs(ARGV) do
  last = last + 1
  redis.call('XADD', KEYS[2], string.format('%.0f-0', last), 'd', entry)
end
redis.call('HSETNX', KEYS[1], 'first', 1)
redis.call('HSET', KEYS[1], 'last', string.format('%.0f', last))
return last
