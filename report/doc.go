// Package report renders the result of a scan: as text for a terminal, as JSON
// and SARIF 2.1.0 for machines, as Markdown for a pull request, and as one HTML
// file with a picture of each pipeline for people.
//
// Its only input is a finding.Scan, which it never changes. Output is
// deterministic: equal scans and equal options give equal bytes.
//
// Names in a scan come from whoever wrote the scanned templates, so every
// renderer neutralises them: control characters, terminal escapes and
// bidirectional marks are shown as visible escapes, over-long text is cut with
// a mark that says so, and each format's own special characters are escaped.
//
// The package decides nothing: what is a finding, how bad it is and which exit
// code it earns is settled before. Where a number is missing or is only an
// upper bound it says so and never prints a tick.
package report
