-- KEYS: hash. ARGV: most fields, milliseconds until expiry or '', then names and values.
local count = redis.call('HLEN', KEYS[1])
for i = 3, #ARGV, 2 do
  count = count + 1 - redis.call('HEXISTS', KEYS[1], ARGV[i])
end
if count > tonumber(ARGV[1]) then
  return {err = 'TOOLARGE a hash of ' .. count .. ' fields, expected at most ' .. ARGV[1]}
end
for i = 3, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
if ARGV[2] == '' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
