-- KEYS: as with history_add. Answers how many rows there were that had not expired.
local known = redis.call('HMGET', KEYS[4], 'age', 'at')
local count = redis.call('XLEN', KEYS[1])
local clock = redis.call('TIME')
local now = math.max(clock[1] * 1000000 + clock[2], tonumber(known[2] or 0))
local age, from = tonumber(known[1] or 0), '-'

local function skip_expired()
  local entries = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 100)
  for _, entry in ipairs(entries) do
    if tonumber(entry[2][10]) + age > now then
      return false
    end
    count = count - 1
    from = string.format('%.0f-0', tonumber(string.match(entry[1], '^%d+')) + 1)
  end
  return #entries > 0
end

while skip_expired() do end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return count
