package sns

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

// How SNS delivers over HTTP by default: 15 seconds for an answer, three more
// attempts 20 seconds apart, on the world's clock.
const (
	httpTimeout = 15 * time.Second
	retryAfter  = 20 * time.Second
	retries     = 3
)

// newClient makes the client for HTTP endpoints. It connects to this machine only:
// a sandbox sends nothing into the network. It follows no redirect, as SNS does not.
func newClient() *http.Client {
	var dialer net.Dialer
	return &http.Client{
		Timeout:       httpTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host)
			if err != nil {
				return nil, err
			}
			for _, a := range addresses {
				if a.IP.IsLoopback() {
					return dialer.DialContext(ctx, network, net.JoinHostPort(a.IP.String(), port))
				}
			}
			return nil, fmt.Errorf("the sandbox delivers to this machine only, and %s is none of its loopback addresses", host)
		}},
	}
}

// toHTTP posts an envelope, and again later where the endpoint fails in a way that
// may pass.
func (s *service) toHTTP(ctx context.Context, sub subscription, e envelope, raw bool, m message, attempt int) {
	again, err := s.post(ctx, sub, e, raw)
	if err == nil || ctx.Err() != nil {
		return
	}
	if again && attempt < retries {
		s.deliveries.After(retryAfter, cloud.Delivery{Account: m.Topic.Account, What: "message " + m.ID + " again", Do: func(ctx context.Context) error {
			s.toHTTP(ctx, sub, e, raw, m, attempt+1)
			return nil
		}})
		return
	}
	s.world.Fail(cloud.Failure{Service: "sns", Account: m.Topic.Account, What: "message " + m.ID + " of " + m.Topic.ARN + " to " + sub.Endpoint, Error: err.Error()})
	s.bury(m, sub, e)
}

// post makes one attempt. again tells whether another may succeed.
func (s *service) post(ctx context.Context, sub subscription, e envelope, raw bool) (again bool, err error) {
	body := e.Message
	if !raw {
		if body, err = text(e); err != nil {
			return false, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, sub.Endpoint, strings.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	r.Header.Set("User-Agent", "Amazon Simple Notification Service Agent")
	r.Header.Set("X-Amz-Sns-Message-Type", e.Type)
	r.Header.Set("X-Amz-Sns-Message-Id", e.MessageID)
	r.Header.Set("X-Amz-Sns-Topic-Arn", e.TopicARN)
	if e.Type == "Notification" {
		r.Header.Set("X-Amz-Sns-Subscription-Arn", sub.ARN)
	}
	if raw {
		r.Header.Set("X-Amz-Sns-Rawdelivery", "true")
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return true, err
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	if answer.StatusCode/100 == 2 {
		return false, nil
	}
	// 4xx but 429 is final ("Amazon SNS message delivery retries").
	return answer.StatusCode/100 != 4 || answer.StatusCode == http.StatusTooManyRequests, fmt.Errorf("the endpoint answered %s", answer.Status)
}
