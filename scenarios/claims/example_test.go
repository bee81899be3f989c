package claims_test

import (
	"fmt"

	"github.com/resetlab/resetlab/scenarios/claims"
)

func ExampleJudge() {
	claim := claims.Claim{ID: "unread-close", Seen: []string{"read: reset"},
		Says: "the peer closed without reading the transferred data: ECONNRESET"}

	fmt.Println(claims.Judge(claim, []claims.Observation{
		{Claim: "unread-close", Saw: "read: reset", If: "a byte was unread"},
		{Claim: "unread-close", Saw: "read: finished", If: "everything was read"},
	}))
	// Output: claim unread-close · holds if a byte was unread · 2 specs
}
