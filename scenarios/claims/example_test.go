package claims_test

import (
	"fmt"

	"github.com/resetlab/resetlab/scenarios/claims"
)

func ExampleJudge() {
	claim := claims.Claim{ID: "unread-close", Seen: []string{"read: reset"},
		Says: "the peer closed without reading the transferred data: ECONNRESET"}
	run := func(saw, condition string) claims.Run {
		return claims.Run{
			About: []claims.ID{"unread-close"}, State: claims.Passed,
			Saw: []claims.Observation{{Claim: "unread-close", Saw: saw, If: condition}},
		}
	}

	fmt.Println(claims.Judge(claim, []claims.Run{
		run("read: reset", "a byte was unread"), run("read: finished", "everything was read")}))
	// Output: claim unread-close · holds if a byte was unread · 2 specs
}
