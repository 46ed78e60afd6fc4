package report

import (
	"io"

	"github.com/twokey/twokey/finding"
)

func Markdown(w io.Writer, s *finding.Scan, o Options) error { return nil }
func SARIF(w io.Writer, s *finding.Scan, o Options) error    { return nil }
func HTML(w io.Writer, s *finding.Scan, o Options) error     { return nil }
