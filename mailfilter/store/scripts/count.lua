-- KEYS: counters. ARGV: milliseconds until expiry or '', then an amount for each.
-- Sums of two numbers within the ends may be inexact in Lua, but then they are beyond the ends.
local MAX = 9007199254740991

local function add(key, amount)
  local old = redis.call('GET', key)
  if tonumber(amount) == 0 then
    return tonumber(old or 0) or 0
  end
  if not old then
    if ARGV[1] == '' then
      redis.call('SET', key, amount)
    else
      redis.call('SET', key, amount, 'PX', ARGV[1])
    end
    return tonumber(amount)
  end
  local number = redis.call('INCRBY', key, amount)
  local clamped = math.max(-MAX, math.min(number, MAX))
  if clamped ~= number then
    redis.call('SET', key, string.format('%.0f', clamped), 'KEEPTTL')
  end
  return clamped
end

local numbers = {}
for i, key in ipairs(KEYS) do
  numbers[i] = add(key, ARGV[i + 1])
end
return numbers
