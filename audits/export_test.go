package audits

import (
	"strings"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// CompareMeasured compares a report of a version with a file of measurements.
func CompareMeasured(file, version string, report *verdict.Report) (wrong, news []string, err error) {
	m := &measurement{cells: map[string]map[string]string{}}
	if err := m.parse(strings.NewReader(file)); err != nil {
		return nil, nil, err
	}
	wrong, news = m.compare(version, report)
	return wrong, news, nil
}

// EnterMeasured adds what was measured of a version to a file.
func EnterMeasured(file, version string, report *verdict.Report, expected verdict.Expectations) error {
	m, err := readMeasurement(file)
	if err != nil {
		return err
	}
	m.enter(version, report, expected)
	return m.write(file)
}

// OtherLines are the lines that only one of two tables has.
func OtherLines(text, measured string) []string { return otherLines(text, measured) }
