package render

import (
	"fmt"
	"html/template"
	"io"
	"unicode/utf8"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// Badge writes a picture (SVG) for a project's page: in how many of the cells in
// which something was proved no report has a bad verdict, expected or not. Cells
// in which nothing was proved, or for which there was no time, are said apart. The error is that of writing to w.
func Badge(w io.Writer, reports ...*verdict.Report) error {
	var survived, judged, others int
	for _, r := range reports {
		others += r.Left
		for _, c := range r.Cells {
			switch {
			case c.Verdict.Has(verdict.Unimplemented): // it was not asked for that
			case c.Verdict.Unproven():
				others++
			case c.Verdict.Bad():
				judged++
			default:
				judged++
				survived++
			}
		}
	}
	b := badge{Left: "resets survived", Right: fmt.Sprintf("%d of %d", survived, judged), Color: "#b35900"}
	if others > 0 {
		b.Right += fmt.Sprintf(", %d not judged", others)
	}
	switch {
	case judged == 0:
		b.Right, b.Color = "nothing is proved", "#595959"
	case survived == judged:
		b.Color = "#2d6a2d"
	case survived*10 < judged*9:
		b.Color = "#a32020"
	}
	return badgePicture.Execute(w, b)
}

// A badge is two words beside each other. Its widths are of a font of 11 pixels.
type badge struct{ Left, Right, Color string }

func width(text string) int { return 7*utf8.RuneCountInString(text) + 10 }

// LeftWidth is how wide the left word's field is, in pixels.
func (b badge) LeftWidth() int { return width(b.Left) }

// RightWidth is how wide the right word's field is.
func (b badge) RightWidth() int { return width(b.Right) }

// Width is how wide the badge is.
func (b badge) Width() int { return b.LeftWidth() + b.RightWidth() }

// Middle is where the middle of the right field is.
func (b badge) Middle() float64 { return float64(b.LeftWidth()) + float64(b.RightWidth())/2 }

// LeftMiddle is where the middle of the left field is.
func (b badge) LeftMiddle() float64 { return float64(b.LeftWidth()) / 2 }

var badgePicture = template.Must(template.New("badge").Parse(`<svg xmlns="http://www.w3.org/2000/svg" width="{{.Width}}" height="20" role="img" aria-label="{{.Left}}: {{.Right}}">
<title>{{.Left}}: {{.Right}}</title>
<rect width="{{.LeftWidth}}" height="20" fill="#444"/>
<rect x="{{.LeftWidth}}" width="{{.RightWidth}}" height="20" fill="{{.Color}}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{{.LeftMiddle}}" y="14">{{.Left}}</text>
<text x="{{.Middle}}" y="14">{{.Right}}</text>
</g>
</svg>
`))
