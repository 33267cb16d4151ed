// Command guard is a once-only guard on Redis, run by stormproof over the line protocol: see docs/line-protocol.md.
//
//	guard           the guard
//	guard -broken   the same guard with one bug, so that you see a finding
package main

import "flag"

const trustsRedis = "the guard trusts Redis to keep what it acknowledged"

func main() {
	broken := flag.Bool("broken", false, "delete the claim on any error of the effect")
	flag.Parse()

	about := About{
		Promise: "exactly_once_or_in_doubt",
		Outside: map[string]string{
			"conflict":        "the guard does not compare payloads: a key must never be used for two of them",
			"evict":           trustsRedis,
			"restart_losing":  trustsRedis,
			"failover_losing": trustsRedis,
		},
		Reusable: true,
	}
	Serve(about, func(redisURL string, leaseSeconds float64) (Guard, error) {
		return NewOnceGuard(redisURL, leaseSeconds, *broken)
	})
}
