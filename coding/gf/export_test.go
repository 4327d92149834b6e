package gf

// Ways returns the kernels of a level in each way that it may be tuned, whatever suits this processor: first as it is,
// then with nothing chosen, then with everything, sources being far at once.
func Ways(l Level) []Kernels {
	ways := []Kernels{At(l)}
	if l != GFNI512 {
		return ways
	}
	return append(ways, Kernels{level: l, tuning: tuning{near: 32 << 10}}, Kernels{level: l, tuning: tuning{wide: true, abreast: true}})
}
