package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"

	"github.com/twokey/twokey/finding"
)

//go:embed assets/report.html.tmpl
var htmlTemplate string

//go:embed assets/report.css
var htmlStyle string

//go:embed assets/report.js
var htmlScript string

var htmlPage = template.Must(template.New("report").Parse(htmlTemplate))

// HTML writes a scan as one HTML file for people: for each pipeline its number,
// its picture and its ways, then the findings, then what was and was not seen.
// The file asks nothing of the network, and its content security policy lets a
// browser run nothing but its own style and script, by their hash. Without
// script everything is shown; with it the findings can be filtered. It returns
// an error of w.
func HTML(w io.Writer, s *finding.Scan, o Options) error {
	buf := bufio.NewWriter(w)
	if err := htmlPage.Execute(buf, newHTMLView(s, o)); err != nil {
		return err
	}
	return buf.Flush()
}

// contentPolicy lets a page use one style and one script and nothing else.
func contentPolicy(style, script string) string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) + "; base-uri 'none'; form-action 'none'"
}
