package audits

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A measurement is what a client made of each cell, by the version of the program
// that it is, or that it talks to. Its file has a line for each cell:
//
//	# measured with 17.0.19, 17.0.21
//	P7/rst/once/read RETRIED-READ
//	P10.trailer/rst/once/read 17.0.19=UNHARMED 17.0.21=SURFACED-MASKED
//
// A cell with one verdict had that in all versions. Several verdicts with |
// between are a race.
type measurement struct {
	versions []string // the one that was measured last comes last
	cells    map[string]map[string]string
}

// measuredWith begins the file.
const measuredWith = "# measured with "

// readMeasurement reads the file of a client; there need not be one.
func readMeasurement(file string) (*measurement, error) {
	m := &measurement{cells: map[string]map[string]string{}}
	opened, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	if err := m.parse(opened); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return m, nil
}

func (m *measurement) parse(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		if list, ok := strings.CutPrefix(lines.Text(), measuredWith); ok {
			m.versions = strings.Split(list, ", ")
			continue
		}
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || len(m.versions) == 0 {
			return fmt.Errorf("line %d: want CELL VERDICT, behind %q", number, measuredWith)
		}
		by := map[string]string{}
		for _, field := range fields[1:] {
			version, verdict, different := strings.Cut(field, "=")
			if !different && len(fields) > 2 || different && !slices.Contains(m.versions, version) {
				return fmt.Errorf("line %d: want one verdict, or VERSION=VERDICT for each version", number)
			}
			if !different {
				for _, version := range m.versions {
					by[version] = field
				}
				continue
			}
			by[version] = verdict
		}
		m.cells[fields[0]] = by
	}
	return lines.Err()
}

// write writes the file, the cells in their order.
func (m *measurement) write(file string) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s%s\n", measuredWith, strings.Join(m.versions, ", "))
	var ids []string
	for id := range m.cells {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		text.WriteString(id)
		for _, version := range m.versions {
			if !m.differs(id) && len(m.cells[id]) == len(m.versions) {
				text.WriteString(" " + m.cells[id][version])
				break
			}
			if verdict := m.cells[id][version]; verdict != "" {
				text.WriteString(" " + version + "=" + verdict)
			}
		}
		text.WriteString("\n")
	}
	if err := os.MkdirAll(path.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text.String()), 0o644)
}

// knows says whether a version was measured.
func (m *measurement) knows(version string) bool { return slices.Contains(m.versions, version) }

// newest is the version that was measured last.
func (m *measurement) newest() string { return m.versions[len(m.versions)-1] }

// differs says whether a cell's verdict depends on the version.
func (m *measurement) differs(id string) bool {
	first := ""
	for _, verdict := range m.cells[id] {
		if first != "" && verdict != first {
			return true
		}
		first = verdict
	}
	return false
}

// enter takes over what was measured of a version. Where an expectation has
// several verdicts for a cell, which of them it is, is a race.
func (m *measurement) enter(version string, report *verdict.Report, expected verdict.Expectations) {
	m.versions = append(slices.DeleteFunc(m.versions, func(v string) bool { return v == version }), version)
	for _, by := range m.cells {
		delete(by, version)
	}
	for _, cell := range settled(report) {
		if m.cells[cell.ID] == nil {
			m.cells[cell.ID] = map[string]string{}
		}
		m.cells[cell.ID][version] = verdictOf(cell, expected)
	}
	for id, by := range m.cells {
		if len(by) == 0 {
			delete(m.cells, id)
		}
	}
}

// settled are the cells that are no race by nature.
func settled(report *verdict.Report) []verdict.Result {
	return slices.DeleteFunc(slices.Clone(report.Cells), func(c verdict.Result) bool {
		return slices.ContainsFunc(report.Places, func(p verdict.PlaceNote) bool { return p.ID == c.Place && p.Race })
	})
}

// compare says in which cells a report is not what was measured. Where all
// measured versions agree that is wrong in any version; what depends on the
// version may be news in one that was not measured.
func (m *measurement) compare(version string, report *verdict.Report) (wrong, news []string) {
	for _, cell := range settled(report) {
		by, got := m.cells[cell.ID], words(cell.Verdict.String())
		of := version
		if !m.knows(version) {
			of = m.newest()
		}
		want := by[of]
		switch {
		case slices.Contains(strings.Split(want, "|"), got):
		case !m.knows(version) && m.differs(cell.ID):
			news = append(news, fmt.Sprintf("%s is %s in %s, and was %s in %s", cell.ID, got, version, want, of))
		default:
			wrong = append(wrong, fmt.Sprintf("%s is %s, and was %s in %s", cell.ID, got, cmp.Or(want, "not there"), strings.Join(m.versions, ", ")))
		}
	}
	return wrong, news
}

// different are the cells in which a report is not what was measured last.
func (m *measurement) different(report *verdict.Report) (ids []string) {
	for _, cell := range settled(report) {
		want := strings.Split(m.cells[cell.ID][m.newest()], "|")
		if !slices.Contains(want, words(cell.Verdict.String())) {
			ids = append(ids, cell.ID)
		}
	}
	return ids
}

// words is a verdict as it stands in files: its words in alphabetical order.
func words(verdict string) string {
	list := strings.FieldsFunc(verdict, func(r rune) bool { return r == ' ' || r == ',' })
	slices.Sort(list)
	return strings.Join(list, ",")
}

// verdictOf is the verdict of a cell, and those that an expectation has for it
// besides.
func verdictOf(cell verdict.Result, expected verdict.Expectations) string {
	got := words(cell.Verdict.String())
	for _, x := range expected {
		if x.Concerns(cell.ID) && slices.ContainsFunc(x.Verdicts, func(v string) bool { return words(v) == got }) {
			var all []string
			for _, v := range x.Verdicts {
				all = append(all, words(v))
			}
			return strings.Join(all, "|")
		}
	}
	return got
}
