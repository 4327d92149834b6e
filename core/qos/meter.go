package qos

import "time"

// Meter turns a counter that is looked at now and then into a rate. The zero value
// is ready.
type Meter struct {
	count uint64
	at    time.Duration
	rate  float64
}

// Look takes note of the counter and returns the rate in units a second, half of
// which is what came since the last look and half what it was before. The first
// look, and one after a long pause, assume that it is step since the last, and that
// the rate was 0 before.
func (m *Meter) Look(now, step time.Duration, count uint64) float64 {
	d := now - m.at
	if d <= 0 || d > 2*step {
		d = step
	}
	fresh := float64(count-min(count, m.count)) / d.Seconds()
	if before := m.Rate(now, step); before == 0 || fresh == 0 {
		m.rate = fresh
	} else {
		m.rate = (before + fresh) / 2
	}
	m.count, m.at = count, now
	return m.rate
}

// Rate is what the last look returned, or 0 if that was more than two steps ago: nobody
// looks at what is at rest.
func (m *Meter) Rate(now, step time.Duration) float64 {
	if now-m.at > 2*step {
		return 0
	}
	return m.rate
}
