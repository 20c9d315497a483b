package artifact

// Bounds on what is read, so that no file can use up memory, disk or patience.
// A tree with test suite, debug information and static libraries has 0.4 GB in
// 10,000 files; a packed one is a third of that.
const (
	maxPacked   = 1 << 30   // bytes of an artifact
	maxUnpacked = 2 << 30   // bytes of the tar stream in it
	maxEntries  = 100_000   // entries of it
	maxNames    = 16 << 20  // bytes of all their names and targets
	maxHeld     = 64 << 20  // bytes of a file that is looked at as a whole
	maxELF      = 1000      // ELF files of a tree; that of CPython has 80
	maxPrefixed = 4 << 20   // bytes of a file that holds the prefix
	maxName     = 1024      // bytes of a path
	maxPart     = 255       // bytes of one part of a path
	maxTarget   = 1024      // bytes of the target of a link
	maxLinks    = 40        // links on the way to one place, as many as Linux follows
	maxSteps    = 4_000_000 // parts of paths gone through to find where all links lead
	maxPAX      = 3 * 1024  // bytes of the extended header of an entry
	maxFindings = 20        // findings of one check; what follows is counted
	blockSize   = 1 << 20   // bytes of input between two flush points
	splitSize   = 32 << 10  // bytes of input that get codes of their own
	maxExtra    = 1<<16 - 1 // bytes of the extra field of a gzip header
)
