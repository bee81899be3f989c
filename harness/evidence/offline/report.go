package offline

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/tcp"
)

// Version is the version of the report's JSON form. It grows when a field
// changes its meaning or goes; a new field alone does not change it.
const Version = 1

// A Report is what captures tell of their connections. Names, addresses and
// texts of it come from the captures as they are, control characters included.
type Report struct {
	Version  int           `json:"version"`
	Inputs   []InputReport `json:"inputs"`
	Segments uint64        `json:"segments"` // of TCP, in all inputs
	// Connections counts the connections of all inputs, one in several inputs once.
	Connections Counts `json:"connections"`
	// Found are the connections with a RST, in the order of their first RST;
	// Unlisted counts those beyond Options.Most.
	Found    []Found `json:"found"`
	Unlisted int     `json:"unlisted,omitempty"`
	// Unreachable are connections without a RST that ICMP ended or would, numbered
	// behind Found, at most Options.Most of them.
	Unreachable []Found `json:"unreachable,omitempty"`
	// Summary has the causes of all of them, the most frequent first.
	Summary []Group `json:"summary"`
	// Patterns are what many of them have in common.
	Patterns []Pattern `json:"patterns"`
	// Ends says how the connections without a RST ended.
	Ends []Ended `json:"ends"`
	// Lacks are what the captures do not show, and how many connections that concerns.
	Lacks []Lacking `json:"lacks"`
	// Causes tells of each cause that is named, by its name.
	Causes map[string]CauseText `json:"causes"`
}

// An InputReport says what was read of an input.
type InputReport struct {
	Name      string    `json:"name"`
	Kind      string    `json:"kind"` // KindFile or KindTrace
	Segments  uint64    `json:"segments"`
	From      time.Time `json:"from"`                // of the first segment; zero where there is none, or no time
	To        time.Time `json:"to"`                  // the latest
	Repeated  uint64    `json:"repeated,omitempty"`  // segments that were captured more than once, as on bridges
	Cut       uint64    `json:"cut,omitempty"`       // segments of which only the beginning was captured
	Backwards uint64    `json:"backwards,omitempty"` // segments that are a second and more earlier than one before them
	Forced    uint64    `json:"forced,omitempty"`    // connections that were judged early because too many were open
	// ICMP counts the ICMP errors that quote a segment, ICMPAstray those of them
	// about connections that the capture does not have.
	ICMP       uint64             `json:"icmp,omitempty"`
	ICMPAstray uint64             `json:"icmp_astray,omitempty"`
	Omissions  []packets.Omission `json:"omissions,omitempty"` // what was not read
	Error      string             `json:"error,omitempty"`     // why there was no more to be read
}

// Counts count connections.
type Counts struct {
	All    uint64 `json:"all"`
	Reset  uint64 `json:"reset"`   // had a RST
	Both   uint64 `json:"both"`    // were found in several inputs
	Middle uint64 `json:"middle"`  // had begun before the capture
	OneWay uint64 `json:"one_way"` // of which one direction was captured
}

// Listed returns the connection that the report calls by a number, nil if it
// lists none of that number.
func (r *Report) Listed(number int) *Found {
	switch {
	case number < 1:
	case number <= len(r.Found):
		return &r.Found[number-1]
	case number <= len(r.Found)+len(r.Unreachable):
		return &r.Unreachable[number-len(r.Found)-1]
	}
	return nil
}

// A Found is a connection with a RST, or one that ICMP ended.
type Found struct {
	Number int       `json:"number"` // by which the report calls it, from 1 on
	Client string    `json:"client"` // address and port
	Server string    `json:"server"`
	NAT    string    `json:"nat,omitempty"` // the ends as another input, behind a NAT, has them
	Inputs []int     `json:"inputs"`        // indices into Report.Inputs
	Began  time.Time `json:"began"`         // its first segment
	Reset  time.Time `json:"reset"`         // its first RST; the zero time if there is none
	Resets int       `json:"resets"`        // how many RSTs there were
	Sent   Sent      `json:"sent"`
	// Guessed says that which end is the client was guessed by the port numbers.
	Guessed   bool      `json:"guessed,omitempty"`
	Diagnosis Diagnosis `json:"diagnosis"` // of the first RST, or of how it ended
	// Recording is the connection as it can be drawn; nil beyond Options.Cards.
	Recording *evidence.Recording `json:"recording,omitempty"`
}

// Sent is what the two ends sent.
type Sent struct {
	ClientBytes  uint64 `json:"client_bytes"`
	ServerBytes  uint64 `json:"server_bytes"`
	ClientAgain  uint64 `json:"client_again,omitempty"` // segments that were sent again
	ServerAgain  uint64 `json:"server_again,omitempty"`
	LostCaptured uint64 `json:"lost_captured,omitempty"` // acknowledgements of what was not captured
}

// A Diagnosis is a [diagnose.Diagnosis] in the words of the JSON form.
type Diagnosis struct {
	End         diagnose.End      `json:"end"`
	Names       diagnose.Part     `json:"names,omitempty"`   // the end that the RST names as its sender
	Part        diagnose.Part     `json:"part"`              // where it comes from
	Picture     string            `json:"picture,omitempty"` // what was seen, a name of a picture of package diagnose
	Act         diagnose.Act      `json:"act,omitempty"`
	Sure        diagnose.Sureness `json:"sure"`                    // of Part and Act
	Why         string            `json:"why"`                     // in words
	Clue        string            `json:"clue"`                    // what decided it
	Causes      []string          `json:"causes,omitempty"`        // names of causes, the most probable first
	SureOfCause diagnose.Sureness `json:"sure_of_cause,omitempty"` // of the first
	Settle      string            `json:"settle,omitempty"`        // which measurement decides; empty if nothing is open
	Harm        Harm              `json:"harm"`
	Client      EndView           `json:"client"`
	Server      EndView           `json:"server"`
	Lacks       []diagnose.Lack   `json:"lacks,omitempty"`
}

// A Harm is a [diagnose.Harm] in the words of the JSON form.
type Harm struct {
	Level         diagnose.HarmLevel `json:"level"`
	Why           string             `json:"why,omitempty"`
	ClientUnacked int64              `json:"client_unacked,omitempty"` // bytes
	ServerUnacked int64              `json:"server_unacked,omitempty"`
	ClientUnread  int64              `json:"client_unread,omitempty"` // at most so many, acknowledged and perhaps never read
	ServerUnread  int64              `json:"server_unread,omitempty"`
}

// An EndView is a [diagnose.EndView] in the words of the JSON form.
type EndView struct {
	System     diagnose.System   `json:"system"` // a guess at its TCP
	SystemSure diagnose.Sureness `json:"system_sure,omitempty"`
	SystemClue string            `json:"system_clue,omitempty"`
	Read       tcp.Ending        `json:"read,omitempty"`  // what its next read got; empty: nothing is known
	Write      tcp.Ending        `json:"write,omitempty"` // what its next write got
	SawSure    diagnose.Sureness `json:"saw_sure,omitempty"`
	SawWhy     string            `json:"saw_why,omitempty"`
}

// A Group is connections that were reset alike.
type Group struct {
	Causes  []string                   `json:"causes"` // names, the most probable first
	Part    diagnose.Part              `json:"part"`
	Act     diagnose.Act               `json:"act,omitempty"`
	Sure    diagnose.Sureness          `json:"sure"`
	Count   int                        `json:"count"`
	Harm    map[diagnose.HarmLevel]int `json:"harm"`    // how many of them came to what harm
	Numbers []int                      `json:"numbers"` // of the first of them in Found
}

// An Ended is how many connections without a RST ended in which way.
type Ended struct {
	End   diagnose.End `json:"end"`
	Count uint64       `json:"count"`
	Early uint64       `json:"early,omitempty"` // of which were judged early, for want of room
}

// A Lacking is what captures do not show of how many connections.
type Lacking struct {
	Lack  diagnose.Lack `json:"lack"`
	Count uint64        `json:"count"`
}

// A CauseText is what package causes says of a cause.
type CauseText struct {
	What     string `json:"what"`
	Why      string `json:"why"`
	Cure     string `json:"cure"`
	Scenario string `json:"scenario,omitempty"` // what 'resetlab run' takes
}

// Write writes the report as JSON, one document with a newline behind it.
func (r *Report) Write(w io.Writer) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err == nil {
		_, err = w.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
