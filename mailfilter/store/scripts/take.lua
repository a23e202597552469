-- KEYS: buckets. ARGV: rate, burst and amount of each. Answers the seconds to wait for each, as
-- text, since numbers in answers are whole. A bucket is kept as its tokens and the server's time.
local LONGEST = 316224000000

local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local function level(key, rate, burst)
  local found = redis.call('GET', key)
  if not found then
    return burst
  end
  local tokens, at = string.match(found, '^(%S+) (%d+)$')
  if not tokens then
    return burst
  end
  local elapsed = (now - tonumber(at)) / 1000000
  if elapsed < 0 then
    -- The server's clock was set back: the bucket fills from now on.
    redis.call('SET', key, string.format('%s %.0f', tokens, now), 'KEEPTTL')
    elapsed = 0
  end
  return math.min(burst, tonumber(tokens) + elapsed * rate)
end

local levels, waits, enough = {}, {}, true
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  local amount = tonumber(ARGV[3 * i])
  local tokens = level(key, rate, burst)
  levels[i] = tokens
  if amount <= tokens then
    waits[i] = '0'
  else
    enough = false
    waits[i] = amount > burst and 'inf' or string.format('%.17g', (amount - tokens) / rate)
  end
end
if not enough then
  return waits
end
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  local amount = tonumber(ARGV[3 * i])
  if amount > 0 then
    local left = levels[i] - amount
    local full = math.max(1, math.min(LONGEST, math.ceil((burst - left) / rate * 1000)))
    local kept = string.format('%.17g %.0f', left, now)
    redis.call('SET', key, kept, 'PX', string.format('%.0f', full))
  end
end
return waits
