-- KEYS: hash. ARGV: most fields, milliseconds until expiry or '', then names and amounts.
local MAX = 9007199254740991

local function clamp(number)
  return math.max(-MAX, math.min(number, MAX))
end

local function number_of(text)
  if not text or #text > 20 or not string.find(text, '^-?%d+$') then
    return 0
  end
  return clamp(tonumber(text))
end

local numbers, count = {}, redis.call('HLEN', KEYS[1])
for i = 3, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  if not old then
    count = count + 1
  end
  numbers[#numbers + 1] = clamp(number_of(old) + tonumber(ARGV[i + 1]))
end
if count > tonumber(ARGV[1]) then
  return {err = 'TOOLARGE a hash of ' .. count .. ' fields, expected at most ' .. ARGV[1]}
end
for n, number in ipairs(numbers) do
  redis.call('HSET', KEYS[1], ARGV[2 * n + 1], string.format('%.0f', number))
end
if ARGV[2] == '' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return numbers
