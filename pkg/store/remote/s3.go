package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"gocloud.dev/blob/s3blob"

	"sicgrid/pkg/store"
)

// bucket is a prefix in a bucket of an S3 service. What its URL may say is gocloud.dev/blob's; its
// requests are made here, where an answer that lacks a field, an endless listing or a server that
// stalls is an error.
type bucket struct {
	client *s3.Client
	name   string
	prefix string // "" or ends in a slash
	about  s3blob.Options
}

func openBucket(ctx context.Context, u *url.URL, p patience) (*bucket, error) {
	where := *u
	where.Path = ""
	opener := &s3blob.URLOpener{}
	opened, err := opener.OpenBucketURL(ctx, &where)
	if err != nil {
		return nil, err
	}
	var plain *s3.Client
	if !opened.As(&plain) {
		return nil, errors.New("no client of S3")
	}
	b := &bucket{name: u.Host, prefix: prefixOf(u), about: opener.Options}
	b.client = s3.New(plain.Options(), func(o *s3.Options) {
		o.HTTPClient = p.client()
		o.Logger = logging.Nop{}
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxBackoff = 2 * time.Second
			o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(whetherFinal)}, o.Retryables...)
		})
	})
	return b, nil
}

// whetherFinal says of errors that would come again that they are not to be retried.
func whetherFinal(err error) aws.Ternary {
	if isFinal(err) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

func (b *bucket) list(ctx context.Context, prefix string, found func(name string, size int64) error) error {
	in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: aws.String(b.prefix + prefix)}
	l := listing{folder: b.prefix, prefix: prefix, found: found}
	for {
		out, err := b.client.ListObjectsV2(ctx, in)
		if err != nil {
			return b.known(err)
		}
		for _, o := range out.Contents {
			if err := l.object(aws.ToString(o.Key), aws.ToInt64(o.Size)); err != nil {
				return err
			}
		}
		if in.ContinuationToken = out.NextContinuationToken; aws.ToString(in.ContinuationToken) == "" {
			return nil
		}
		if err := l.page(); err != nil {
			return err
		}
	}
}

func (b *bucket) open(ctx context.Context, name string) (io.ReadCloser, error) {
	out, err := b.client.GetObject(asksForObject(ctx), &s3.GetObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + name)})
	if err != nil {
		return nil, b.known(err)
	}
	return out.Body, nil
}

func (b *bucket) write(ctx context.Context, name string, replace bool, body io.ReadSeeker) error {
	in := &s3.PutObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + name), Body: body,
		ContentType: aws.String(anyFile), ServerSideEncryption: b.about.EncryptionType}
	if b.about.KMSEncryptionID != "" {
		in.SSEKMSKeyId = &b.about.KMSEncryptionID
	}
	if !replace {
		in.IfNoneMatch = aws.String("*")
	}
	_, err := b.client.PutObject(ctx, in)
	return b.known(err)
}

// known gives the errors that mean something here their name.
func (b *bucket) known(err error) error {
	var api smithy.APIError
	var answer *awshttp.ResponseError
	code, status := "", 0
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	switch {
	case code == "NoSuchBucket", code == "NoSuchKey", code == "NotFound", code == "" && status == http.StatusNotFound:
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	case code == "PreconditionFailed", code == "" && status == http.StatusPreconditionFailed:
		return store.ErrExists
	}
	return err
}

// words says what went wrong without the envelopes of the SDK.
func words(err error) string {
	var (
		redirect *redirectError
		api      smithy.APIError
		decoding *smithy.DeserializationError
		azure    *azcore.ResponseError
		sending  *url.Error
	)
	switch {
	case errors.As(err, &redirect):
		return redirect.text
	case errors.Is(err, errSlow):
		return errSlow.Error()
	case errors.As(err, &api):
		return strings.TrimSuffix(api.ErrorCode()+": "+api.ErrorMessage(), ": ")
	case errors.As(err, &decoding) && decoding.Err != nil:
		return "its answer makes no sense: " + decoding.Err.Error()
	case errors.As(err, &azure):
		return strings.TrimSuffix(fmt.Sprintf("HTTP status %d: %s", azure.StatusCode, azure.ErrorCode), ": ")
	case errors.As(err, &sending):
		return sending.Err.Error()
	}
	return err.Error()
}
