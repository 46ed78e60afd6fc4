package report

import (
	"io"

	"github.com/twokey/twokey/finding"
)

func HTML(w io.Writer, s *finding.Scan, o Options) error { return nil }
