package app

import (
	"os"
	"runtime"
	"runtime/debug"
)

// smallestLimit is the memory that a process may always use before the garbage
// collector works harder: what a scan of a hundred accounts with fifty thousand
// principals needs.
const smallestLimit = 1350 << 20

// limitMemory bounds what the process holds, softly, once an estate is loaded:
// looking at an estate takes several times the memory of the estate itself, and
// most of it is garbage that the collector would otherwise leave lying until the
// heap has doubled. GOMEMLIMIT in the environment overrides it.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetMemoryLimit(max(smallestLimit, int64(m.HeapAlloc)*4))
}
