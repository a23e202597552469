-- KEYS: hash of parts. ARGV: number, part. It goes again if no snapshot comes of it.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], 3600000)
return 1
