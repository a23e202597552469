-- KEYS: hash of positions, stream of entries. ARGV: entries. Answers the position of the last.
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or 0)
-- A call that was refused halfway, where a command is forbidden, has left entries that count.
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
if newest and last > 0 then
  last = math.max(last, tonumber(string.match(newest[1], '^%d+')))
end

-- A server that evicts keys may have taken the positions and left the entries, or that there were
-- some: no position is given twice.
local function recover()
  if redis.call('EXISTS', KEYS[2]) == 0 then
    return
  end
  local known = redis.call('XINFO', 'STREAM', KEYS[2])
  for i = 1, #known, 2 do
    if known[i] == 'last-generated-id' then
      last = tonumber(string.match(known[i + 1], '^%d+'))
    end
  end
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  local first = oldest and string.match(oldest[1], '^%d+') or string.format('%.0f', last + 1)
  redis.call('HSET', KEYS[1], 'first', first)
end

if last == 0 then
  recover()
end
for _, entry in ipairs(ARGV) do
  last = last + 1
  redis.call('XADD', KEYS[2], string.format('%.0f-0', last), 'd', entry)
end
redis.call('HSETNX', KEYS[1], 'first', 1)
redis.call('HSET', KEYS[1], 'last', string.format('%.0f', last))
return last
