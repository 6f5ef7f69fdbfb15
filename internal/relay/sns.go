package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// SNS is a FIFO topic of Amazon SNS.
type SNS struct {
	client *sns.Client
	arn    string
}

// NewSNS returns a topic. An empty endpoint means AWS's endpoint for the region.
// Credentials come from AWS's default chain when they are needed.
func NewSNS(ctx context.Context, arn, region, endpoint string) (*SNS, error) {
	// The relay retries by itself, because it knows what can wait for what, and it returns
	// what went wrong, which the SDK would log as plain text.
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithLogger(logging.Nop{}),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
	if err != nil {
		return nil, fmt.Errorf("AWS settings: %w", err)
	}
	client := sns.NewFromConfig(c, func(o *sns.Options) {
		o.HTTPClient = newClient()
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
	})
	return &SNS{client, arn}, nil
}

// maxResponse is how many bytes of a response are read, and of its headers. SNS sends less
// than a thousand.
const maxResponse, maxResponseHeaders = 1 << 20, 64 << 10

var errTooLong = errors.New("the topic's response is too long")

// newClient returns an HTTP client for a server that may not be SNS: it follows no redirect,
// which would send a message elsewhere, and reads no endless response.
func newClient() *http.Client {
	transport := awshttp.NewBuildableClient().GetTransport()
	transport.MaxResponseHeaderBytes = maxResponseHeaders
	return &http.Client{
		Transport:     bounded{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded bounds the responses of a transport.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = &boundedBody{response.Body, maxResponse}
	}
	return response, err
}

type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// idForm is the form of the ids that SNS gives to messages.
var idForm = regexp.MustCompile(`^[!-~]{1,100}$`)

// Publish sends a message. Only a response with an id for it says that the topic has it.
// Errors hold no part of the message or the response.
func (t *SNS) Publish(ctx context.Context, m Message) error {
	accepted, err := t.client.Publish(ctx, &sns.PublishInput{
		TopicArn: &t.arn, Message: aws.String(string(m.Body)),
		MessageGroupId: aws.String(m.Group.String()), MessageDeduplicationId: aws.String(m.ID.String()),
	})
	if err != nil && ctx.Err() != nil {
		return errors.New("the topic did not respond in time")
	}
	if err == nil && !idForm.MatchString(aws.ToString(accepted.MessageId)) {
		return errors.New("the topic responded with status 200 but no message id")
	}
	return judge(err)
}

// refusals are SNS's codes for errors in one message, such as its length. All
// other codes are about the topic, the credentials or a temporary fault, and so
// about all messages.
var refusals = []string{"InvalidParameter", "ParameterValueInvalid", "InvalidParameterValue", "ValidationException", "ValidationError"}

const tooLarge = 413

var codeForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// judge turns an SDK error into one that can be logged, because it can repeat what was
// sent or what a server responded. What is left as it is comes from this machine.
func judge(err error) error {
	if err == nil {
		return nil
	}
	status := 0
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	code := ""
	var answer smithy.APIError
	if errors.As(err, &answer) && codeForm.MatchString(answer.ErrorCode()) {
		code = answer.ErrorCode()
	}
	var broken *net.OpError
	switch {
	case errors.Is(err, errTooLong):
		return errTooLong
	case slices.Contains(refusals, code) && status < 500:
		return &Refusal{Code: code}
	case status == tooLarge:
		return &Refusal{Code: "too-large"}
	case errors.As(err, new(*smithy.DeserializationError)):
		return fmt.Errorf("the topic's response cannot be read, status %d", status)
	case code != "" || status > 0:
		return fmt.Errorf("the topic responded with status %d %s", status, code)
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return errors.New("the topic's certificate is not trusted")
	case errors.As(err, &broken):
		return broken
	case errors.As(err, new(*smithyhttp.RequestSendError)):
		return errors.New("the topic closed the connection, or does not speak HTTP")
	}
	return err
}
