-- KEYS: hash of positions, hash of readers. Answers first, last, snapshot, readers.
local known = redis.call('HMGET', KEYS[1], 'first', 'last', 'snapshot')
return {known[1] or '1', known[2] or '0', known[3] or '0', redis.call('HGETALL', KEYS[2])}
