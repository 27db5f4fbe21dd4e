package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob/azureblob"

	"sicgrid/pkg/store"
)

// azureContainer is a prefix in a container of Azure's blob storage. What its URL and the
// environment may say is gocloud.dev/blob's; its requests are made here, as those to S3 are.
type azureContainer struct {
	client *container.Client
	prefix string // "" or ends in a slash
}

func openAzure(u *url.URL, p patience) (*azureContainer, error) {
	about := azureblob.NewDefaultServiceURLOptions()
	for option, values := range u.Query() {
		switch option {
		case "storage_account":
			about.AccountName = values[0]
		case "domain":
			about.StorageDomain = values[0]
		case "protocol":
			about.Protocol = values[0]
		default:
			return nil, fmt.Errorf("unknown option %q; there are storage_account, domain and protocol", option)
		}
	}
	if about.AccountName == "" {
		return nil, errors.New("no storage account: set AZURE_STORAGE_ACCOUNT, or add ?storage_account=NAME")
	}
	service, err := azureblob.NewServiceURL(about)
	if err != nil {
		return nil, err
	}
	a := &azureContainer{prefix: prefixOf(u)}
	a.client, err = azureClient(string(service), u.Host, u.Query().Has("domain"), p)
	return a, err
}

// azureClient finds the credentials where gocloud.dev/blob does. Those that are sent as they are go
// nowhere else than the environment says.
func azureClient(service, name string, elsewhere bool, p patience) (*container.Client, error) {
	at, err := url.JoinPath(service, name)
	if err != nil {
		return nil, err
	}
	options := policy.ClientOptions{Transport: p.client(), Retry: policy.RetryOptions{MaxRetries: 2, RetryDelay: 500 * time.Millisecond, MaxRetryDelay: 2 * time.Second, ShouldRetry: mayRetry}}
	of := &container.ClientOptions{ClientOptions: options}
	account, secret := os.Getenv("AZURE_STORAGE_ACCOUNT"), os.Getenv("AZURE_STORAGE_KEY")
	connection := os.Getenv("AZURE_STORAGE_CONNECTION_STRING")
	switch {
	case account != "" && secret != "":
		shared, err := container.NewSharedKeyCredential(account, secret)
		if err != nil {
			return nil, fmt.Errorf("AZURE_STORAGE_KEY: %w", err)
		}
		return container.NewClientWithSharedKeyCredential(at, shared, of)
	case elsewhere:
		return nil, errors.New("the option domain goes with AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY alone: other credentials would be sent there; set AZURE_STORAGE_DOMAIN")
	case os.Getenv("AZURE_STORAGE_SAS_TOKEN") != "":
		return container.NewClientWithNoCredential(at, of)
	case connection != "":
		return container.NewClientFromConnectionString(connection, name, of)
	}
	own, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options})
	if err != nil {
		return nil, err
	}
	return container.NewClient(at, own, of)
}

func (a *azureContainer) list(ctx context.Context, prefix string, found func(name string, size int64) error) error {
	full := a.prefix + prefix
	pages := a.client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &full})
	l := listing{folder: a.prefix, prefix: prefix, found: found}
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return a.known(err)
		}
		if page.Segment != nil {
			for _, item := range page.Segment.BlobItems {
				if item == nil || item.Name == nil || item.Properties == nil || item.Properties.ContentLength == nil {
					continue
				}
				if err := l.object(*item.Name, *item.Properties.ContentLength); err != nil {
					return err
				}
			}
		}
		if err := l.page(); err != nil && pages.More() {
			return err
		}
	}
	return nil
}

func (a *azureContainer) open(ctx context.Context, name string) (io.ReadCloser, error) {
	out, err := a.client.NewBlobClient(a.prefix+name).DownloadStream(asksForObject(ctx), nil)
	if err != nil {
		return nil, a.known(err)
	}
	return out.Body, nil
}

func (a *azureContainer) write(ctx context.Context, name string, replace bool, body io.ReadSeeker) error {
	o := &blockblob.UploadOptions{HTTPHeaders: &blob.HTTPHeaders{BlobContentType: to.Ptr(anyFile)}}
	if !replace {
		o.AccessConditions = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}}
	}
	_, err := a.client.NewBlockBlobClient(a.prefix+name).Upload(ctx, streaming.NopCloser(body), o)
	return a.known(err)
}

// known gives the errors that mean something here their name.
func (a *azureContainer) known(err error) error {
	var answer *azcore.ResponseError
	switch {
	case !errors.As(err, &answer):
		return err
	case bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.ConditionNotMet), answer.ErrorCode == "" && answer.StatusCode == http.StatusPreconditionFailed:
		return store.ErrExists
	case bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound, bloberror.ResourceNotFound), answer.ErrorCode == "" && answer.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}
