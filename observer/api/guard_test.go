package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/record"
)

func recordText(s string) record.Field[string] { return record.Set(s) }

const secret = "0123456789abcdef0123456789abcdef"

// On another address than a loopback one a token is wanted, without being asked for.
func TestOtherAddressesWantAToken(t *testing.T) {
	s := serve(t, newFake(), api.Listening{Address: "0.0.0.0:0"})
	if !s.Drawn || len(s.Token) < 20 {
		t.Fatalf("the token is %q", s.Token)
	}
	url := "http://127.0.0.1" + s.URL[strings.LastIndex(s.URL, ":"):]
	if resp, _ := ask(t, "GET", url+"/api/v1/meta", ""); resp.StatusCode != 401 {
		t.Errorf("without a token: %d", resp.StatusCode)
	}
	if resp, _ := ask(t, "GET", url+"/api/v1/meta", "", "Authorization", "Bearer "+s.Token); resp.StatusCode != 200 {
		t.Errorf("with the token: %d", resp.StatusCode)
	}
	if local := serve(t, newFake(), api.Listening{}); local.Drawn || local.Token != "" {
		t.Error("a loopback address wants a token")
	}
}

func TestTokens(t *testing.T) {
	s := serve(t, newFake(), api.Listening{Options: api.Options{Token: secret}})
	for path, code := range map[string]int{"/api/v1/meta": 401, "/api/v1/stream": 401, "/api/v1/openapi.json": 401, "/metrics": 401, "/healthz": 200, "/": 200} {
		if resp, text := ask(t, "GET", s.URL+path, ""); resp.StatusCode != code {
			t.Errorf("%s without a token: %d %s", path, resp.StatusCode, text)
		}
	}
	for _, wrong := range []string{"", "x", secret[:31], secret + "0", strings.ToUpper(secret)} {
		if resp, text := ask(t, "GET", s.URL+"/api/v1/meta", "", "Authorization", "Bearer "+wrong); resp.StatusCode != 401 || problem(text) == "" {
			t.Errorf("with the token %q: %d %s", wrong, resp.StatusCode, text)
		}
	}
	resp, _ := ask(t, "POST", s.URL+"/api/v1/login", `{"token":"`+secret+`"}`)
	if len(resp.Cookies()) != 1 {
		t.Fatalf("logging in: %d with %d cookies", resp.StatusCode, len(resp.Cookies()))
	}
	c := resp.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || strings.Contains(c.Value, secret) {
		t.Errorf("the cookie is %+v", c)
	}
	if resp, _ := ask(t, "GET", s.URL+"/api/v1/meta", "", "Cookie", c.Name+"="+c.Value); resp.StatusCode != 200 {
		t.Errorf("with the cookie: %d", resp.StatusCode)
	}
	if resp, _ := ask(t, "GET", s.URL+"/api/v1/meta", "", "Cookie", c.Name+"="+c.Value[1:]); resp.StatusCode != 401 {
		t.Errorf("with another cookie: %d", resp.StatusCode)
	}
	if resp, _ := ask(t, "POST", s.URL+"/api/v1/login", `{"token":"wrong"}`); resp.StatusCode != 401 || len(resp.Cookies()) != 0 {
		t.Errorf("logging in with a wrong token: %d with %d cookies", resp.StatusCode, len(resp.Cookies()))
	}
}

// Who guesses is let guess no more, and the right token does not help him either.
func TestGuessingIsBounded(t *testing.T) {
	s := serve(t, newFake(), api.Listening{Options: api.Options{Token: secret}})
	refused := 0
	for range 30 {
		if resp, _ := ask(t, "GET", s.URL+"/api/v1/meta", "", "Authorization", "Bearer wrong"); resp.StatusCode == 429 {
			refused++
		}
	}
	if refused < 10 {
		t.Errorf("of 30 wrong tokens %d were not even looked at", refused)
	}
	if resp, _ := ask(t, "GET", s.URL+"/api/v1/meta", "", "Authorization", "Bearer "+secret); resp.StatusCode != 429 {
		t.Errorf("the right one after them: %d", resp.StatusCode)
	}
}

func TestTokenFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("  "+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, newFake(), api.Listening{TokenFile: file})
	if resp, _ := ask(t, "GET", s.URL+"/api/v1/meta", "", "Authorization", "Bearer "+secret); resp.StatusCode != 200 || s.Drawn {
		t.Errorf("with the token of the file: %d", resp.StatusCode)
	}
	if err := os.WriteFile(file, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, file + "-missing"} {
		if _, err := api.Listen(newFake(), api.Listening{Address: "127.0.0.1:0", TokenFile: path}); err == nil {
			t.Errorf("%s was taken", path)
		}
	}
}

// A page of another site that has made its name point here asks with its own name.
func TestHosts(t *testing.T) {
	s := serve(t, newFake(), api.Listening{Options: api.Options{Hosts: []string{"observer.example.org"}}})
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	for host, code := range map[string]int{
		"localhost" + port: 200, "127.0.0.1" + port: 200, "[::1]" + port: 200, "192.0.2.7": 200, "Observer.Example.org" + port: 200,
		"evil.example.com" + port: 421, "localhost.evil.example.com": 421, "127.0.0.1.evil.example.com": 421, "": 421,
	} {
		if host == "" {
			host = "nobody"
		}
		for _, path := range []string{"/", "/api/v1/meta", "/metrics"} {
			if resp, _ := ask(t, "GET", s.URL+path, "", "Host", host); resp.StatusCode != code {
				t.Errorf("%s with the Host %q: %d, want %d", path, host, resp.StatusCode, code)
			}
		}
	}
}

// Pages of other sites cannot give orders, nor follow.
func TestOrigins(t *testing.T) {
	f := newFake()
	s := serve(t, f, api.Listening{})
	const order = `{"targets":"all","action":"terminate-node"}`
	for _, h := range [][]string{
		{"Origin", "https://evil.example.com"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
		{"Origin", "http://localhost:1"},
	} {
		if resp, _ := ask(t, "POST", s.URL+"/api/v1/control", order, h...); resp.StatusCode != 403 {
			t.Errorf("an order with %v: %d", h, resp.StatusCode)
		}
		if resp, _ := ask(t, "POST", s.URL+"/api/v1/recording", `{"action":"start"}`, h...); resp.StatusCode != 403 || f.Recording().Running {
			t.Errorf("a recording is begun with %v: %d", h, resp.StatusCode)
		}
	}
	if len(f.ordered) != 0 {
		t.Fatal("an order of another site was given")
	}
	if resp, _ := ask(t, "POST", s.URL+"/api/v1/control", order, "Origin", s.URL, "Sec-Fetch-Site", "same-origin"); resp.StatusCode != 200 || len(f.ordered) != 1 {
		t.Errorf("an order of the page: %d", resp.StatusCode)
	}
	ws := "ws" + strings.TrimPrefix(s.URL, "http") + "/api/v1/stream"
	if _, resp, err := websocket.Dial(t.Context(), ws, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.example.com"}}}); err == nil || resp == nil || resp.StatusCode != 403 {
		t.Errorf("another site follows: %v", err)
	}
}

func TestPoliciesForBrowsers(t *testing.T) {
	s := serve(t, newFake(), api.Listening{})
	for _, path := range []string{"/", "/api/v1/meta", "/nothing", "/metrics"} {
		resp, _ := ask(t, "GET", s.URL+path, "")
		csp := resp.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'self'") || strings.Contains(csp, "script-src") || strings.Contains(csp, "unsafe-eval") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: %s", path, csp)
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", path, resp.Header)
		}
		if strings.HasPrefix(path, "/api/") && resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept", path)
		}
	}
}

func TestReadOnly(t *testing.T) {
	f := newFake()
	s := serve(t, f, api.Listening{Options: api.Options{ReadOnly: true}})
	if resp, text := ask(t, "POST", s.URL+"/api/v1/control", `{"targets":"all","action":"request"}`); resp.StatusCode != 403 || problem(text) == "" || len(f.ordered) != 0 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if resp, text := ask(t, "POST", s.URL+"/api/v1/recording", `{"action":"start"}`); resp.StatusCode != 403 || problem(text) == "" || f.Recording().Running {
		t.Errorf("a recording: %d %s", resp.StatusCode, text)
	}
	if _, text := ask(t, "GET", s.URL+"/api/v1/meta", ""); !strings.Contains(text, `"readOnly":true`) || !strings.Contains(text, `"control":[]`) {
		t.Error(text)
	}
}

func TestBodiesAndRatesAreBounded(t *testing.T) {
	s := serve(t, newFake(), api.Listening{Options: api.Options{RequestsPerSecond: 0.001, Burst: 20}})
	big := `{"targets":"all","action":"message","type":1024,"payload":"` + strings.Repeat("x", 300<<10) + `"}`
	if resp, _ := ask(t, "POST", s.URL+"/api/v1/control", big); resp.StatusCode != 400 {
		t.Errorf("a body of 300 KB: %d", resp.StatusCode)
	}
	codes := make(map[int]int)
	for range 50 {
		resp, _ := ask(t, "GET", s.URL+"/healthz", "")
		codes[resp.StatusCode]++
	}
	if codes[200] != 19 || codes[429] != 31 {
		t.Errorf("50 requests where 19 may be asked: %v", codes)
	}
}

func TestHTTPS(t *testing.T) {
	cert, key := certificate(t)
	s := serve(t, newFake(), api.Listening{CertFile: cert, KeyFile: key, Options: api.Options{Token: secret}})
	pool := x509.NewCertPool()
	text, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool.AppendCertsFromPEM(text)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
	resp, err := client.Post(s.URL+"/api/v1/login", "application/json", strings.NewReader(`{"token":"`+secret+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if c := resp.Cookies(); len(c) != 1 || !c[0].Secure {
		t.Errorf("the cookie is %+v", c)
	}
	if _, err := api.Listen(newFake(), api.Listening{Address: "127.0.0.1:0", CertFile: key, KeyFile: cert}); err == nil {
		t.Error("a certificate that is none was taken")
	}
}

// certificate makes files with one for 127.0.0.1.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	kder, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: kder}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
