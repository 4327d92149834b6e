package observer

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/emul"
)

// clientFlags say which observer is asked, and how.
type clientFlags struct {
	url       string
	tokenFile string
	ca        string
	timeout   time.Duration
}

// tokenVariable is the environment variable with the token. A flag with it would be seen by all users of the host.
const tokenVariable = "IOVERLAY_TOKEN"

func (c *clientFlags) define(fl *pflag.FlagSet) {
	fl.StringVar(&c.url, "observer", "http://127.0.0.1:8080", "address of the observer's page")
	fl.StringVar(&c.tokenFile, "token-file", "", "file with the observer's token, if it wants one; or set "+tokenVariable)
	fl.StringVar(&c.ca, "tls-ca", "", "certificate (PEM) to trust, if the observer has one that no authority signed")
	fl.DurationVar(&c.timeout, "timeout", 10*time.Second, "how long to wait for the observer")
}

func (c *clientFlags) get(ctx context.Context, path string, answer any) error {
	return c.ask(ctx, http.MethodGet, path, nil, answer)
}

func (c *clientFlags) post(ctx context.Context, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write the order: %w", err)
	}
	return c.ask(ctx, http.MethodPost, path, text, answer)
}

// maxAnswer bounds what is read of an answer: a snapshot of all nodes that there can be.
const maxAnswer = 1 << 30

func (c *clientFlags) ask(ctx context.Context, method, path string, body []byte, answer any) error {
	base, err := url.Parse(c.url)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return console.Usage("observer", c.url, "the address of an observer's page, such as http://127.0.0.1:8080")
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	token, err := c.token()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(base.String(), "/")+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Ioverlay-Client", "ctl")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the observer at %s (is it running?): %w", base.Host, err)
	}
	defer func() { _ = resp.Body.Close() }() // all that is wanted of it was read
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the observer's answer: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(text, answer); err != nil {
			return fmt.Errorf("the answer of %s is none of an observer: %w", base.Host, err)
		}
		return nil
	}
	var why struct{ Error string }
	if json.Unmarshal(text, &why) != nil || why.Error == "" {
		why.Error = resp.Status
	}
	err = fmt.Errorf("the observer: %s", why.Error)
	switch resp.StatusCode {
	case http.StatusBadRequest:
		return console.Wrong("%w", err)
	case http.StatusConflict:
		return fmt.Errorf("%w: %s", console.ErrRefused, why.Error)
	}
	return err
}

func (c *clientFlags) client() (*http.Client, error) {
	t := &http.Transport{DisableKeepAlives: true, Proxy: nil} // it goes to an observer, and to nobody on the way
	if c.ca != "" {
		pem, err := os.ReadFile(c.ca)
		if err != nil {
			return nil, console.InFile(fmt.Errorf("--tls-ca: %w", err))
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, console.InFile(fmt.Errorf("--tls-ca: there is no certificate in %s", c.ca))
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("an observer sends nobody elsewhere")
	}}, nil
}

func (c *clientFlags) token() (string, error) {
	if c.tokenFile == "" {
		return os.Getenv(tokenVariable), nil
	}
	text, err := os.ReadFile(c.tokenFile)
	if err != nil {
		return "", console.InFile(fmt.Errorf("--token-file: %w", err))
	}
	return string(bytes.TrimSpace(text)), nil
}

// parseRate reads a rate with its unit, or bytes a second as a number.
func parseRate(text string) (float64, error) {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return v, nil
	}
	r, err := emul.ParseRate(text)
	return float64(r), err
}

// parseSeconds reads a duration, or seconds as a number.
func parseSeconds(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return v, nil
	}
	d, err := time.ParseDuration(text)
	return d.Seconds(), err
}
