package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// timeLimit is longer than the harness holds a command back, and short enough for a caller who waits.
const timeLimit = 5 * time.Second

// A script compares and writes in one step: between a GET and a SET the lease could end.
const (
	replaceScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`
	forgetScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`
)

// OnceGuard does the effect of a key once, or says that it is in doubt.
//
// The record of a key goes through three states: "claimed TOKEN" ends with the lease, "started TOKEN" and
// "done RESULT" stay. From "started" on nobody else begins, because the effect may have been done.
type OnceGuard struct {
	client *redis.Client
	lease  time.Duration
	broken bool
}

// NewOnceGuard returns a guard that has not connected yet.
func NewOnceGuard(redisURL string, leaseSeconds float64, broken bool) (*OnceGuard, error) {
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, err
	}
	// A command that is sent again after a lost reply is done twice. So a lost connection is an error of this call,
	// and the next command connects anew.
	options.MaxRetries = -1
	options.DialerRetries = 1
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = timeLimit, timeLimit, timeLimit
	lease := time.Duration(leaseSeconds * float64(time.Second))
	return &OnceGuard{client: redis.NewClient(options), lease: lease, broken: broken}, nil
}

// Close closes the connections to Redis.
func (g *OnceGuard) Close() { _ = g.client.Close() }

// Call returns the receipt of the effect, or what an earlier call has stored of it.
func (g *OnceGuard) Call(key string, payload json.RawMessage, effect Effect) (json.RawMessage, error) {
	name, token := "once:"+key, rand.Text()
	claimed, started := "claimed "+token, "started "+token

	isMine, err := g.claim(name, claimed)
	if err != nil {
		return nil, err
	}
	if !isMine {
		return g.replay(name)
	}
	if err := g.replace(name, claimed, started, claimLost); err != nil {
		return nil, err
	}
	receipt, err := effect(payload)
	if err != nil {
		var failure *EffectError
		isDefinite := errors.As(err, &failure) && failure.Definite
		// The planted bug: an effect that timed out may have been done, and must not be begun by the next caller.
		if isDefinite || g.broken {
			if err := g.forget(name, started); err != nil {
				return nil, err
			}
		}
		return nil, err
	}
	if err := g.replace(name, started, "done "+string(receipt), inDoubt); err != nil {
		return nil, err
	}
	return receipt, nil
}

func (g *OnceGuard) replay(name string) (json.RawMessage, error) {
	record, err := g.client.Get(context.Background(), name).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, redisFailed(err)
	}
	if result, isDone := strings.CutPrefix(record, "done "); isDone {
		return json.RawMessage(result), nil
	}
	if strings.HasPrefix(record, "started ") {
		return nil, inDoubt(name + " was begun and not finished")
	}
	return nil, inProgress(name + " is claimed")
}

func (g *OnceGuard) claim(name, claimed string) (bool, error) {
	err := g.client.SetArgs(context.Background(), name, claimed, redis.SetArgs{Mode: "NX", TTL: g.lease}).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, redisFailed(err)
	}
	return true, nil
}

// replace puts fresh in the place of old, and returns otherwise where old is not there any more.
func (g *OnceGuard) replace(name, old, fresh string, otherwise func(message string) error) error {
	replaced, err := g.client.Eval(context.Background(), replaceScript, []string{name}, old, fresh).Bool()
	if err != nil {
		return redisFailed(err)
	}
	if !replaced {
		return otherwise(fmt.Sprintf("%s is not %q any more", name, old))
	}
	return nil
}

func (g *OnceGuard) forget(name, old string) error {
	if err := g.client.Eval(context.Background(), forgetScript, []string{name}, old).Err(); err != nil {
		return redisFailed(err)
	}
	return nil
}

func inProgress(message string) error {
	return &GuardError{Name: "InProgress", Outcome: "FAIL", Word: "in_progress", Message: message}
}

func inDoubt(message string) error {
	return &GuardError{Name: "InDoubt", Outcome: "INDETERMINATE", Word: "in_doubt", Message: message}
}

func claimLost(message string) error {
	return &GuardError{Name: "ClaimLost", Outcome: "FAIL", Word: "refused", Message: message}
}

func redisFailed(cause error) error {
	return &GuardError{Name: "RedisFailed", Outcome: "INDETERMINATE", Message: cause.Error()}
}
