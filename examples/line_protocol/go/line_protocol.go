package main

// The program's side of stormproof's line protocol, version 1. Nothing in here knows what the guard does.
//
// Stdout belongs to the protocol: one fmt.Println anywhere ends the run. Package log writes to stderr.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
)

// Effect does the effect and returns its receipt; an error of it is an *EffectError.
type Effect func(payload json.RawMessage) (json.RawMessage, error)

// EffectError is what the effect came back with instead of a receipt.
type EffectError struct {
	// Definite says that the effect was certainly not done; without it, it may have been.
	Definite bool   `json:"definite"`
	Kind     string `json:"kind"`
	Message  string `json:"message"`
}

func (e *EffectError) Error() string { return e.Message }

// Guard is what stormproof judges.
type Guard interface {
	// Call returns the receipt of the effect or a replay of it. An error that is neither a *GuardError nor a definite
	// *EffectError means that the effect may have been done.
	Call(key string, payload json.RawMessage, effect Effect) (json.RawMessage, error)
	Close()
}

// GuardError is what a caller is told instead of a result.
type GuardError struct {
	Name string
	// Outcome is INDETERMINATE, or FAIL: this call did nothing and never will.
	Outcome string
	Word    string
	Message string
}

func (e *GuardError) Error() string { return e.Name + ": " + e.Message }

// About holds the optional fields of the ready line.
type About struct {
	Promise  string            `json:"promise,omitempty"`
	Outside  map[string]string `json:"outside,omitempty"`
	Reusable bool              `json:"reusable,omitempty"`
}

type ready struct {
	Say string `json:"say"`
	About
}

type asked struct {
	Do           string          `json:"do"`
	ID           int64           `json:"id"`
	RedisURL     string          `json:"redis_url"`
	LeaseSeconds float64         `json:"lease_s"`
	Key          string          `json:"key"`
	Payload      json.RawMessage `json:"payload"`
	Receipt      json.RawMessage `json:"receipt"`
	Error        *EffectError    `json:"error"`
}

type said struct {
	Say     string          `json:"say"`
	ID      int64           `json:"id"`
	Call    int             `json:"call,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
}

type failed struct {
	Say     string `json:"say"`
	ID      int64  `json:"id"`
	Outcome string `json:"outcome"`
	Word    string `json:"word"`
	Detail  string `json:"detail"`
}

// Serve serves calls until stdin ends.
func Serve(about About, makeGuard func(redisURL string, leaseSeconds float64) (Guard, error)) {
	lines := make(chan asked)
	go read(os.Stdin, lines)
	var guard Guard
	for line := range lines {
		switch line.Do {
		case "init":
			// A second init asks for a guard that knows nothing of the first one.
			if guard != nil {
				guard.Close()
			}
			var err error
			if guard, err = makeGuard(line.RedisURL, line.LeaseSeconds); err != nil {
				log.Fatal(err)
			}
			say(ready{Say: "ready", About: about})
		case "call":
			answer(guard, line, lines)
		default:
			log.Fatalf("the harness asked for %q, which this program never said it can", line.Do)
		}
	}
}

// read ends the program with its stdin, whatever it is doing at that moment.
func read(stdin io.Reader, lines chan<- asked) {
	decoder := json.NewDecoder(stdin)
	for {
		var line asked
		err := decoder.Decode(&line)
		if errors.Is(err, io.EOF) {
			os.Exit(0)
		}
		if err != nil {
			log.Fatalf("read a line of the harness: %v", err)
		}
		lines <- line
	}
}

func answer(guard Guard, call asked, lines <-chan asked) {
	count := 0
	effect := func(payload json.RawMessage) (json.RawMessage, error) {
		count++
		say(said{Say: "effect", ID: call.ID, Call: count, Payload: payload})
		reply := <-lines
		if reply.Error != nil {
			return nil, reply.Error
		}
		return reply.Receipt, nil
	}
	result, err := guard.Call(call.Key, call.Payload, effect)
	if err != nil {
		log.Print(err)
		say(describe(err, call.ID))
		return
	}
	say(said{Say: "result", ID: call.ID, Result: result})
}

// describe says of any error that it does not know that the effect may have been done: the only safe default.
func describe(err error, id int64) failed {
	line := failed{Say: "error", ID: id, Outcome: "INDETERMINATE", Detail: fmt.Sprintf("%T", err)}
	var ofGuard *GuardError
	var ofEffect *EffectError
	switch {
	case errors.As(err, &ofGuard):
		line.Outcome, line.Word, line.Detail = ofGuard.Outcome, ofGuard.Word, ofGuard.Name
	case errors.As(err, &ofEffect):
		line.Detail = "EffectError"
		if ofEffect.Definite {
			line.Outcome, line.Word = "FAIL", "rejected"
		}
	}
	return line
}

// say writes one line; os.Stdout has no buffer that would have to be flushed.
func say(message any) {
	if err := json.NewEncoder(os.Stdout).Encode(message); err != nil {
		log.Fatalf("write a line to the harness: %v", err)
	}
}
