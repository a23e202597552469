-- KEYS: stream of rows, hash of bodies, hash of ids, hash of what holds for all.
-- ARGV: most rows, microseconds they are kept, most octets; then of each row its id, time, terms,
-- octets, body and detail.
-- Rows have numbers without gaps, which are the ids in the stream; bodies and details lie beside
-- them, so that to look for rows does not read these. With each row is the sum of octets of all
-- that ever came up to it, by which it is known whether it is within the limits.
local stream, bodies, ids, common = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local rows, age, size = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
-- Rows that go in one call, more than may come in one. Nobody is shown the others that are to go.
local MOST = 2000

-- What is of another kind is told before anything is changed.
redis.call('HLEN', bodies)
redis.call('HLEN', ids)
-- A server that evicts keys may have taken one of them: what is left makes no sense without it.
local has_rows = redis.call('XLEN', stream) > 0
if has_rows ~= (redis.call('HEXISTS', common, 'last') == 1) then
  redis.call('UNLINK', stream, bodies, ids, common)
end
local known = redis.call('HMGET', common, 'last', 'octets', 'at', 'sum')
local last, octets = tonumber(known[1] or 0), tonumber(known[2] or 0)
local sum = tonumber(known[4] or 0)
-- A call that was refused halfway, where a command is forbidden, has left rows that count.
local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
if newest and tonumber(string.match(newest[1], '^%d+')) > last then
  local reached = tonumber(newest[2][12])
  last, octets, sum = tonumber(string.match(newest[1], '^%d+')), octets + reached - sum, reached
end
local clock = redis.call('TIME')
-- The server's clock may have been set back; rows are in the order of their times.
local now = math.max(clock[1] * 1000000 + clock[2], tonumber(known[3] or 0))
local at = string.format('%.0f', now)

for i = 4, #ARGV, 6 do
  last, sum = last + 1, sum + tonumber(ARGV[i + 3])
  local number = string.format('%.0f', last)
  -- A row is there once it is in the stream: what is refused before that leaves nothing to see.
  redis.call('HSET', bodies, 'b' .. number, ARGV[i + 4], 'd' .. number, ARGV[i + 5])
  redis.call('HSET', ids, ARGV[i], number)
  redis.call('XADD', stream, number .. '-0', 'i', ARGV[i], 't', ARGV[i + 1], 'f', ARGV[i + 2],
    'o', ARGV[i + 3], 'a', at, 's', string.format('%.0f', sum))
  octets = octets + tonumber(ARGV[i + 3])
end

local count = redis.call('XLEN', stream)
local gone, batch, dropped = nil, 2, {}

local function drop(entry)
  octets = octets - tonumber(entry[2][8])
  count = count - 1
  dropped[#dropped + 1] = entry
  gone = tonumber(string.match(entry[1], '^%d+'))
end

local function trim()
  local from = gone and string.format('%.0f-0', gone + 1) or '-'
  local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', batch)
  for _, entry in ipairs(entries) do
    local is_over = count > 1 and (count > rows or octets > size)
    local is_old = tonumber(entry[2][10]) + age <= now
    if #dropped == MOST or not (is_over or is_old) then
      return false
    end
    drop(entry)
  end
  batch = 100
  return #entries > 0
end

while trim() do end
if gone then
  redis.call('XTRIM', stream, 'MINID', string.format('%.0f-0', gone + 1))
end
for _, entry in ipairs(dropped) do
  local number, id = string.match(entry[1], '^%d+'), entry[2][2]
  redis.call('HDEL', bodies, 'b' .. number, 'd' .. number)
  if redis.call('HGET', ids, id) == number then
    redis.call('HDEL', ids, id)
  end
end
redis.call('HSET', common, 'last', string.format('%.0f', last), 'octets',
  string.format('%.0f', octets), 'at', at, 'sum', string.format('%.0f', sum),
  'rows', ARGV[1], 'age', ARGV[2], 'size', ARGV[3])
-- A history that nobody adds to any more goes as a whole.
local unused = string.format('%.0f', math.ceil((now + age) / 1000) + 1000)
for _, key in ipairs(KEYS) do
  redis.call('PEXPIREAT', key, unused)
end
return 1
