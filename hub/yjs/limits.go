package yjs

// Limits bound what bytes from outside may cost. A zero field means its default.
type Limits struct {
	// UpdateBytes is the size of one update. Default 256 MiB.
	UpdateBytes int
	// Structs is the number of structs in one update. Default 8 million.
	Structs int
	// Clients is the number of client ids of a document. Default 65,536.
	Clients int
	// DeleteRanges is the number of delete ranges in one update. Default 4 million.
	DeleteRanges int
	// PendingBytes is the size of everything that waits for missing parts. Default 16 MiB.
	PendingBytes int
	// PendingRanges is the number of delete ranges that wait for missing parts. Default 500,000.
	PendingRanges int
	// ValueDepth is how deep arrays and objects inside one value nest. Default 256.
	ValueDepth int
	// TypeDepth is how deep shared types nest. Default 200.
	TypeDepth int
	// Work is how many steps ordering concurrent neighbours may take in one update, besides 64 steps for each
	// of its bytes; a step takes some nanoseconds. Default 16 million.
	Work int
}

// workPerByte is the part of the work budget that grows with the update, so that big old documents load.
const workPerByte = 64

// withDefaults returns l with its zero fields filled.
func (l Limits) withDefaults() Limits {
	fill := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	fill(&l.UpdateBytes, 256<<20)
	fill(&l.Structs, 8_000_000)
	fill(&l.Clients, 1<<16)
	fill(&l.DeleteRanges, 4_000_000)
	fill(&l.PendingBytes, 16<<20)
	fill(&l.PendingRanges, 500_000)
	fill(&l.ValueDepth, 256)
	fill(&l.TypeDepth, 200)
	fill(&l.Work, 16_000_000)
	return l
}
