package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"
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
	// The relay retries by itself, because it knows what can wait for what.
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(region),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
	if err != nil {
		return nil, fmt.Errorf("AWS settings: %w", err)
	}
	client := sns.NewFromConfig(c, func(o *sns.Options) {
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
	})
	return &SNS{client, arn}, nil
}

// Publish sends a message. Its errors hold no part of it.
func (t *SNS) Publish(ctx context.Context, m Message) error {
	_, err := t.client.Publish(ctx, &sns.PublishInput{
		TopicArn: &t.arn, Message: aws.String(string(m.Body)),
		MessageGroupId: aws.String(m.Group.String()), MessageDeduplicationId: aws.String(m.ID.String()),
	})
	return judge(err)
}

// refusals are SNS's codes for errors in one message, such as its length. All
// other codes are about the topic, the credentials or a temporary fault, and so
// about all messages.
var refusals = []string{"InvalidParameter", "ParameterValueInvalid", "InvalidParameterValue", "ValidationException", "ValidationError"}

const tooLarge = 413

var codeForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// judge turns an SDK error into one that can be logged, because SNS's texts can
// repeat what was sent.
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
	case slices.Contains(refusals, code) && status < 500:
		return &Refusal{Code: code}
	case status == tooLarge:
		return &Refusal{Code: "too-large"}
	case code != "" || status > 0:
		return fmt.Errorf("the topic responded with status %d %s", status, code)
	case errors.As(err, &broken):
		return broken
	}
	return err
}
