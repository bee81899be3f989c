package servers_test

import (
	"testing"

	"github.com/resetlab/resetlab/servers"
)

func TestDropPercent(t *testing.T) {
	usual := servers.MaxStartups{Begin: 10, Rate: 30, Full: 100}
	for _, test := range []struct {
		name     string
		limit    servers.MaxStartups
		startups int
		want     int
	}{
		{"none at all", usual, 0, 0},
		{"one below begin", usual, 9, 0},
		{"begin", usual, 10, 30},
		{"one above begin", usual, 11, 30}, // 30.8, cut off
		{"two above begin", usual, 12, 31}, // 31.6, cut off
		{"halfway", usual, 55, 65},
		{"one below full", usual, 99, 99}, // 99.2, cut off
		{"full", usual, 100, 100},
		{"above full", usual, 1000, 100},
		{"begin is full", servers.MaxStartups{Begin: 10, Rate: 30, Full: 10}, 10, 100},
		{"begin is full, below", servers.MaxStartups{Begin: 10, Rate: 30, Full: 10}, 9, 0},
		{"rate 100", servers.MaxStartups{Begin: 10, Rate: 100, Full: 60}, 10, 100},
		{"rate 0 at begin", servers.MaxStartups{Begin: 10, Rate: 0, Full: 60}, 10, 0},
		{"rate 0 halfway", servers.MaxStartups{Begin: 10, Rate: 0, Full: 60}, 35, 50},
		{"the zero value", servers.MaxStartups{}, 0, 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.limit.DropPercent(test.startups); got != test.want {
				t.Errorf("%+v.DropPercent(%d) = %d, want %d", test.limit, test.startups, got, test.want)
			}
		})
	}
}
