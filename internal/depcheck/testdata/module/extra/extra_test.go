package extra

import "testing"

func TestX(t *testing.T) {}
