package anomaly

// noise is what chance alone does to a count. Independent events wobble by the
// root of what is expected; a series of counts that wobbled by less than that
// is not of independent events, and its floor is lowered as far.
type noise struct {
	off, chance [remembered]float64
	at          int
	part        float32
}

func (n *noise) reset() { *n = noise{part: 1} }

// see takes in a residual beside the root of what was expected.
func (n *noise) see(residual, root float32) {
	n.off[n.at] += float64(residual)
	n.chance[n.at] += float64(root)
}

// close ends a period.
func (n *noise) close() {
	var off, chance float64
	for i := range n.off {
		off += n.off[i]
		chance += n.chance[i]
	}
	n.part = 1
	if w := off * meanToWobble; w < chance {
		n.part = float32(w / chance)
	}
	n.at = (n.at + 1) % remembered
	n.off[n.at], n.chance[n.at] = 0, 0
}

// lone is what keeps a count from alarming where next to nothing is expected: the
// floor is then 1.5, and it takes more than ten lone errors in one bucket to reach the alarm.
const lone = 2.25

// floor is the least wobble of a count.
func (n *noise) floor(expected float32) float32 { return n.part * sqrt32(expected+lone) }
