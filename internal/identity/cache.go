package identity

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	remembered   = 5 * time.Minute
	cacheShards  = 16
	shardEntries = 10_000 / cacheShards
)

// cache remembers at most 10,000 verified tokens by their SHA-256, so it holds no token. It
// forgets a token after five minutes, or when it is no longer valid.
type cache struct {
	shards [cacheShards]shard
}

type shard struct {
	mu      sync.RWMutex
	entries map[[sha256.Size]byte]entry
	sweep   time.Time // when expired entries are next looked for
}

type entry struct {
	caller Caller
	until  time.Time
}

func newCache() *cache {
	c := &cache{}
	for i := range c.shards {
		c.shards[i].entries = make(map[[sha256.Size]byte]entry)
	}
	return c
}

func (c *cache) shard(key [sha256.Size]byte) *shard { return &c.shards[key[0]%cacheShards] }

func (c *cache) get(key [sha256.Size]byte, now time.Time) (Caller, bool) {
	s := c.shard(key)
	s.mu.RLock()
	e, ok := s.entries[key]
	s.mu.RUnlock()
	// A token remembered while the clock was ahead is not remembered until then.
	if !ok || !now.Before(e.until) || now.Add(remembered).Before(e.until) {
		return Caller{}, false
	}
	return e.caller, true
}

// put remembers a caller. If the shard is full, or was last swept five minutes ago, put
// first removes expired entries. If the shard is still full, it then removes any one.
func (c *cache) put(key [sha256.Size]byte, caller Caller, now time.Time, expires *jwt.NumericDate) {
	until := now.Add(remembered)
	if expires != nil && expires.Add(leeway).Before(until) {
		until = expires.Add(leeway)
	}
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.entries) >= shardEntries || now.After(s.sweep) {
		s.sweep = now.Add(remembered)
		for k, e := range s.entries {
			if !now.Before(e.until) || now.Add(remembered).Before(e.until) {
				delete(s.entries, k)
			}
		}
	}
	if len(s.entries) >= shardEntries {
		for k := range s.entries {
			delete(s.entries, k)
			break
		}
	}
	s.entries[key] = entry{caller: caller, until: until}
}
