-- KEYS: keys. ARGV: milliseconds until expiry or '', then a value for each key.
for i, key in ipairs(KEYS) do
  if ARGV[1] == '' then
    redis.call('SET', key, ARGV[i + 1])
  else
    redis.call('SET', key, ARGV[i + 1], 'PX', ARGV[1])
  end
end
return 1
