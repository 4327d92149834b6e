package api

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// cookieName is that of the cookie that stands for the token. Cookies know no ports, so two observers on one host would take
// each other's; that costs a new login.
const cookieName = "ioverlay-observer"

// sessionTime is how long a cookie is good, and maxSessions how many are good at a time.
const (
	sessionTime = 24 * time.Hour
	maxSessions = 1024
)

// sessions are the cookies that were given out, by their hash, so that who reads this memory has none.
type sessions struct {
	mu    sync.Mutex
	until map[[sha256.Size]byte]time.Time
}

func (s *sessions) good(value string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, there := s.until[sha256.Sum256([]byte(value))]
	return there && time.Now().Before(until)
}

// begin makes a cookie's value.
func (s *sessions) begin() string {
	value := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until == nil {
		s.until = make(map[[sha256.Size]byte]time.Time)
	}
	now := time.Now()
	var oldest [sha256.Size]byte
	first := now.Add(2 * sessionTime)
	for k, until := range s.until {
		if !now.Before(until) {
			delete(s.until, k)
		} else if until.Before(first) {
			oldest, first = k, until
		}
	}
	if len(s.until) >= maxSessions {
		delete(s.until, oldest)
	}
	s.until[sha256.Sum256([]byte(value))] = now.Add(sessionTime)
	return value
}

// login exchanges the token for a cookie.
func (g *guard) login(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		fail(w, http.StatusBadRequest, `the body is {"token": "..."}: `+err.Error())
		return
	}
	if g.o.Token == "" {
		say(w, map[string]bool{"ok": true}) // there is nothing to show
		return
	}
	if !g.right(w, r, body.Token) {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: g.sessions.begin(), Path: "/", MaxAge: int(sessionTime.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: g.o.TLS,
	})
	say(w, map[string]bool{"ok": true})
}
