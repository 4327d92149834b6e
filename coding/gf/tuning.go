package gf

// tuning says which of several ways to take at one level, where processors that have the level differ in which is the
// fastest. All ways give the same results. The zero value is right for every processor, if not always fastest.
type tuning struct {
	// wide: one source is multiplied on 512 bits rather than 256. Processors whose paths to the first cache are 256 bits
	// wide gain nothing by it and lose where accesses cross cache lines.
	wide bool
	// abreast: sources from beyond the first cache are read eight side by side, from end to end, rather than all in
	// blocks, and several results take all sources in one pass, however far. It helps processors that foresee many
	// sequential streams.
	abreast bool
	// near is how many bytes one result's sources may have in all to be taken for in the first cache, if abreast is on.
	near int
}

// String says what was chosen, for results of measurements.
func (t tuning) String() string {
	s := "one source on 256 bits"
	if t.wide {
		s = "one source on 512 bits"
	}
	if t.abreast {
		return s + ", far sources eight abreast"
	}
	return s + ", far sources in blocks"
}
