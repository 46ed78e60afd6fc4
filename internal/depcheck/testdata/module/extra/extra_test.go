package extra

import (
	"strings"
	"testing"
)

func TestX(t *testing.T) { _ = strings.ToUpper("") }
