package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Who may ask. Nothing here trusts that a request comes from the page: a browser sends requests for other pages too.
//
//	Host     must name this host: an IP address, localhost, or one that was allowed. It stops pages whose
//	         name has been made to point here (DNS rebinding), which count as this site for browsers.
//	Origin   of whatever changes something, and of the WebSocket, must be this site's.
//	token    compared in constant time, in a header, or in a cookie that scripts do not see and other
//	         sites do not send.
//	rates    a bucket for each address, and a smaller one for tokens that were wrong.

// policy is what browsers are told of every answer: scripts and connections of this site alone, no frames around it.
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; worker-src 'self' blob:; " +
	"connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// maxBody bounds the bodies of requests, in bytes: a payload for an algorithm, in base64.
const maxBody = 256 << 10

// answerTime is how long the reader of an answer may take.
const answerTime = time.Minute

// maxClients bounds the addresses of which rates are known.
const maxClients = 4096

type guard struct {
	o        Options
	sum      [sha256.Size]byte // of the token
	cross    *http.CrossOriginProtection
	sessions sessions

	mu      sync.Mutex
	clients map[netip.Addr]*client
}

type client struct {
	asks, wrong *rate.Limiter
	seen        time.Time
}

func newGuard(o Options) *guard {
	return &guard{o: o, sum: sha256.Sum256([]byte(o.Token)), cross: http.NewCrossOriginProtection(), clients: make(map[netip.Addr]*client)}
}

// around lets those through to a handler that may ask.
func (g *guard) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		if !g.knows(r.Host) {
			fail(w, http.StatusMisdirectedRequest, "the Host header is not a name of this observer: ask by its IP address or localhost, or start it with --host NAME")
			return
		}
		// Whoever does not read an answer is let go; those who follow set a deadline of their own.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime)) // not every ResponseWriter has one
		if !g.clientOf(r).asks.Allow() {
			h.Set("Retry-After", "1")
			fail(w, http.StatusTooManyRequests, "too many requests from this address: ask less often")
			return
		}
		if err := g.cross.Check(r); err != nil {
			fail(w, http.StatusForbidden, "a page of another site asked: "+err.Error())
			return
		}
		if open(r) || g.o.Token == "" {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			next.ServeHTTP(w, r)
			return
		}
		if !g.admits(w, r) {
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// open reports whether something is for everybody: the page, which has nothing to tell but how to log in, and logging in.
func open(r *http.Request) bool {
	p := r.URL.Path
	return p == "/healthz" || p == "/api/v1/login" || !strings.HasPrefix(p, "/api/") && p != "/metrics"
}

// admits reports whether a request shows the token or a cookie that stands for it, and answers if not.
func (g *guard) admits(w http.ResponseWriter, r *http.Request) bool {
	if c, err := r.Cookie(cookieName); err == nil && g.sessions.good(c.Value) {
		return true
	}
	token, shown := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !shown {
		w.Header().Set("WWW-Authenticate", `Bearer realm="ioverlay"`)
		fail(w, http.StatusUnauthorized, "this observer wants its token: show it as \"Authorization: Bearer TOKEN\", or log in")
		return false
	}
	return g.right(w, r, token)
}

// right reports whether a token is the right one, and answers if not.
func (g *guard) right(w http.ResponseWriter, r *http.Request, token string) bool {
	c := g.clientOf(r)
	if c.wrong.Tokens() < 1 {
		w.Header().Set("Retry-After", "10")
		fail(w, http.StatusTooManyRequests, "too many wrong tokens from this address: wait")
		return false
	}
	sum := sha256.Sum256([]byte(token)) // of equal length, whatever was shown
	if subtle.ConstantTimeCompare(sum[:], g.sum[:]) != 1 {
		c.wrong.Allow()
		fail(w, http.StatusUnauthorized, "that is not the token of this observer: it was shown when it started, or is in its --token-file")
		return false
	}
	return true
}

// knows reports whether a Host header names this host.
func (g *guard) knows(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.TrimSuffix(strings.Trim(name, "[]"), ".")
	if _, err := netip.ParseAddr(name); err == nil {
		return true // no name, so nothing that could have been made to point here
	}
	return strings.EqualFold(name, "localhost") || slices.ContainsFunc(g.o.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
}

// clientOf is what is known of who asks.
func (g *guard) clientOf(r *http.Request) *client {
	ap, _ := netip.ParseAddrPort(r.RemoteAddr)
	addr := ap.Addr().Unmap()
	if addr.Is6() {
		p, _ := addr.WithZone("").Prefix(64) // who has one has them all
		addr = p.Addr()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.clients[addr]
	if c == nil {
		if len(g.clients) >= maxClients {
			g.forget()
		}
		c = &client{asks: rate.NewLimiter(rate.Limit(g.o.RequestsPerSecond), g.o.Burst), wrong: rate.NewLimiter(0.1, 10)}
		g.clients[addr] = c
	}
	c.seen = time.Now()
	return c
}

// forget makes room: it forgets those that have not asked for a minute, or else all.
func (g *guard) forget() {
	for addr, c := range g.clients {
		if time.Since(c.seen) > time.Minute {
			delete(g.clients, addr)
		}
	}
	if len(g.clients) >= maxClients {
		clear(g.clients)
	}
}
