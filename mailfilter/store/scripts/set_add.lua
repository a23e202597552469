-- KEYS: set. ARGV: cap, milliseconds until expiry or '', members. Answers 1 for each new one.
-- Scores are numbers in the order of adding.
local newest = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local score = tonumber(newest[2] or 0)
local absent = {}
for i = 3, #ARGV do
  score = score + 1
  absent[i - 2] = redis.call('ZADD', KEYS[1], string.format('%.0f', score), ARGV[i])
end
local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[1])
if over > 0 then
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, over - 1)
end
if ARGV[2] == '' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return absent
