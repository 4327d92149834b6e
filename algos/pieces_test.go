package algos_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

// piecesModel is Pieces without any cleverness.
type piecesModel struct {
	n     int
	have  map[int]bool
	peers map[core.NodeID]map[int]bool
	asked []request
}

type request struct {
	piece int
	peer  core.NodeID
	at    time.Duration
}

func (m *piecesModel) open(id core.NodeID) (n int) {
	for _, r := range m.asked {
		if r.peer == id {
			n++
		}
	}
	return n
}

func (m *piecesModel) askedOf(piece int) (n int) {
	for _, r := range m.asked {
		if r.piece == piece {
			n++
		}
	}
	return n
}

func (m *piecesModel) copies(piece int) (n int) {
	for _, has := range m.peers {
		if has[piece] {
			n++
		}
	}
	return n
}

// may are the pieces that a peer may be asked for next.
func (m *piecesModel) may(id core.NodeID, before time.Duration) (pieces []int) {
	least := 1 << 30
	for i := range m.n {
		if m.peers[id][i] && !m.have[i] && m.askedOf(i) == 0 {
			if c := m.copies(i); c < least {
				pieces, least = nil, c
			}
			if m.copies(i) == least {
				pieces = append(pieces, i)
			}
		}
	}
	if pieces != nil {
		return pieces
	}
	for _, r := range m.asked {
		if r.at < before && r.peer != id && m.askedOf(r.piece) == 1 && m.peers[id][r.piece] && !m.have[r.piece] {
			return []int{r.piece}
		}
	}
	return nil
}

// Whatever peers say and do, each is asked for the rarest of what it has and nobody is asked for, or for what another one is late with;
// for no more than so many; and what a peer that leaves was asked for is asked of others.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "pieces")
		m := &piecesModel{n: n, have: make(map[int]bool), peers: make(map[core.NodeID]map[int]bool)}
		p := algos.NewPieces(n, func(i int) bool { m.have[i] = i%5 == 4; return m.have[i] })
		rng, now := rand.New(rand.NewPCG(1, 2)), time.Duration(0)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			peer := id(rapid.IntRange(1, 4).Draw(t, "peer"))
			piece := rapid.IntRange(0, n+1).Draw(t, "piece")
			now += time.Duration(rapid.IntRange(0, 2).Draw(t, "time"))
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				p.Join(peer)
				if m.peers[peer] == nil {
					m.peers[peer] = make(map[int]bool)
				}
			case 1:
				if _, was := m.peers[peer]; p.Leave(peer) != was {
					t.Fatalf("Leave said %v", !was)
				}
				delete(m.peers, peer)
				m.asked = slices.DeleteFunc(m.asked, func(r request) bool { return r.peer == peer })
			case 2:
				p.Told(peer, uint32(piece))
				if m.peers[peer] != nil && piece < n {
					m.peers[peer][piece] = true
				}
			case 3:
				set := algos.NewBits(n + 2)
				set.Add(piece)
				set.Add(piece / 2)
				p.ToldAll(peer, &set)
				for _, i := range []int{piece, piece / 2} {
					if m.peers[peer] != nil && i < n {
						m.peers[peer][i] = true
					}
				}
			case 4:
				was := slices.IndexFunc(m.asked, func(r request) bool { return r.peer == peer && r.piece == piece })
				if p.Answered(peer, piece) != (was >= 0) {
					t.Fatalf("Answered said %v", was < 0)
				}
				if was >= 0 {
					m.asked = slices.Delete(m.asked, was, was+1)
					p.Have.Add(piece)
					m.have[piece] = true
				}
			default:
				most, before := rapid.IntRange(0, 3).Draw(t, "most"), now-2
				for _, i := range p.Ask(peer, most, rng, now, before) {
					if may := m.may(peer, before); !slices.Contains(may, int(i)) || m.open(peer) >= most {
						t.Fatalf("%v was asked for %d, with %d open of %d; it may be asked for %v", peer, i, m.open(peer), most, may)
					}
					m.asked = append(m.asked, request{int(i), peer, now})
				}
				if may := m.may(peer, before); m.peers[peer] != nil && m.open(peer) < most && len(may) > 0 {
					t.Fatalf("%v was not asked for %v", peer, may)
				}
			}
			if p.Idle() != (len(m.asked) == 0) {
				t.Fatalf("idle: %v, and %v are asked", p.Idle(), m.asked)
			}
			var late []core.NodeID
			for _, r := range m.asked {
				if r.at < now-3 && !slices.Contains(late, r.peer) {
					late = append(late, r.peer)
				}
			}
			if got := p.Late(now - 3); !slices.Equal(got, late) {
				t.Fatalf("late are %v, want %v", got, late)
			}
			full := n == len(m.peers[peer])
			if _, is := m.peers[peer]; p.IsPeer(peer) != is || p.IsFull(peer) != (is && full) || slices.Contains(p.Peers(), peer) != is || len(p.Peers()) != len(m.peers) {
				t.Fatalf("%v is a peer: %v, full: %v; peers are %v", peer, p.IsPeer(peer), p.IsFull(peer), p.Peers())
			}
		}
	})
}

// Pieces that are alike in rarity are chosen alike often.
func TestPiecesAreDrawn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	chosen := make([]int, 4)
	for range 4000 {
		p := algos.NewPieces(4, nil)
		p.Join(id(1))
		p.Told(id(1), 0, 1, 2, 3)
		chosen[p.Ask(id(1), 1, rng, 0, 0)[0]]++
	}
	if slices.Min(chosen) < 900 || slices.Max(chosen) > 1100 { // a deviation is 27
		t.Errorf("of 4000 times: %v", chosen)
	}
}
