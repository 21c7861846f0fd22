package badnet

import (
	"math/rand/v2"
	"sync"
)

// Once damages the first request of a kind. The next one, be it a repetition, goes well.
func Once(k Kind, f Fault) Plan { return Nth(k, 0, f) }

// Nth damages the nth request of a kind, counted from 0.
func Nth(k Kind, n int, f Fault) Plan {
	return func(kind Kind, i int) Fault {
		if kind == k && i == n {
			return f
		}
		return nil
	}
}

// Always damages every request of a kind.
func Always(k Kind, f Fault) Plan {
	return func(kind Kind, _ int) Fault {
		if kind == k {
			return f
		}
		return nil
	}
}

// Everything damages every request.
func Everything(f Fault) Plan { return func(Kind, int) Fault { return f } }

// Share damages a share of all requests, each time with one of the faults. The
// seed says which: of equal runs the requests arrive in another order, though.
func Share(share float64, seed uint64, faults ...Fault) Plan {
	var mu sync.Mutex
	chance := rand.New(rand.NewPCG(seed, 0x5109))
	return func(Kind, int) Fault {
		mu.Lock()
		defer mu.Unlock()
		hit, which := chance.Float64() < share, chance.IntN(len(faults))
		if !hit {
			return nil
		}
		return faults[which]
	}
}
