package main

import (
	"encoding/json"
	"time"

	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
)

// timeLimit is longer than the harness holds a command back, and short enough for a caller who waits.
const timeLimit = 5 * time.Second

// RedsyncGuard does the effect while it holds a mutex of redsync on one Redis.
type RedsyncGuard struct {
	client *redis.Client
	sync   *redsync.Redsync
	lease  time.Duration
}

// NewRedsyncGuard returns a guard that has not connected yet.
func NewRedsyncGuard(redisURL string, leaseSeconds float64) (*RedsyncGuard, error) {
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, err
	}
	// A command that is sent again after a lost reply is done twice.
	options.MaxRetries = -1
	options.DialerRetries = 1
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = timeLimit, timeLimit, timeLimit
	client := redis.NewClient(options)
	lease := time.Duration(leaseSeconds * float64(time.Second))
	return &RedsyncGuard{client: client, sync: redsync.New(goredis.NewPool(client)), lease: lease}, nil
}

// Close closes the connections to Redis.
func (g *RedsyncGuard) Close() { _ = g.client.Close() }

// Call returns the receipt of the effect.
func (g *RedsyncGuard) Call(key string, payload json.RawMessage, effect Effect) (json.RawMessage, error) {
	mutex := g.sync.NewMutex(key, redsync.WithExpiry(g.lease))
	if err := mutex.TryLock(); err != nil {
		// Somebody else has the mutex, or Redis did not answer: the section was not entered.
		return nil, &GuardError{Name: "Locked", Outcome: "FAIL", Word: "in_progress", Message: err.Error()}
	}
	receipt, err := effect(payload)
	if _, unlockErr := mutex.Unlock(); err == nil && unlockErr != nil {
		return nil, &GuardError{Name: "UnlockFailed", Outcome: "INDETERMINATE", Message: unlockErr.Error()}
	}
	return receipt, err
}
