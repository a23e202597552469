-- KEYS: hash of positions, stream of entries, hash of readers. Answers how many entries went.
local known = redis.call('HMGET', KEYS[1], 'first', 'last', 'snapshot')
if not known[3] then
  return 0
end
local first, til = tonumber(known[1]), math.min(tonumber(known[2]), tonumber(known[3]))
for _, position in ipairs(redis.call('HVALS', KEYS[3])) do
  til = math.min(til, tonumber(position))
end
if til < first then
  return 0
end
redis.call('XTRIM', KEYS[2], 'MINID', string.format('%.0f-0', til + 1))
redis.call('HSET', KEYS[1], 'first', string.format('%.0f', til + 1))
return til + 1 - first
