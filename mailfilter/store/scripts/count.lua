-- KEYS: counters. ARGV: milliseconds until expiry or '', then an amount for each.
-- Sums of two numbers within the ends may be inexact in Lua, but then they are beyond the ends.
local MAX = 9007199254740991

-- All are looked at before any is changed.
local olds = {}
for i, key in ipairs(KEYS) do
  local old = redis.call('GET', key)
  if old and old ~= '0' and (#old > 20 or not string.find(old, '^-?[1-9]%d*$')) then
    return {err = 'WRONGTYPE a counter that holds no number'}
  end
  olds[i] = old
end

local function add(key, old, amount)
  if tonumber(amount) == 0 then
    return tonumber(old or 0)
  end
  if not old then
    if ARGV[1] == '' then
      redis.call('SET', key, amount)
    else
      redis.call('SET', key, amount, 'PX', ARGV[1])
    end
    return tonumber(amount)
  end
  local number = tonumber(old) + tonumber(amount)
  local clamped = math.max(-MAX, math.min(number, MAX))
  if clamped == number then
    redis.call('INCRBY', key, amount)
  else
    redis.call('SET', key, string.format('%.0f', clamped), 'KEEPTTL')
  end
  return clamped
end

local numbers = {}
for i, key in ipairs(KEYS) do
  numbers[i] = add(key, olds[i], ARGV[i + 1])
end
return numbers
