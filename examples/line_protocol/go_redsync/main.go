// Command guard is the mutex of redsync as a guard, run by stormproof over the line protocol: see
// docs/line-protocol.md.
package main

const (
	docs    = "documentation of github.com/go-redsync/redsync/v4, "
	expires = `"WithExpiry can be used to set the expiry of a mutex to the given value. The default is 8s." (` + docs + "WithExpiry)"
)

func main() {
	about := About{
		Promise:  "mutual_exclusion",
		Outside:  map[string]string{"pause": expires, "advance": expires},
		Reusable: true,
	}
	Serve(about, func(redisURL string, leaseSeconds float64) (Guard, error) {
		return NewRedsyncGuard(redisURL, leaseSeconds)
	})
}
