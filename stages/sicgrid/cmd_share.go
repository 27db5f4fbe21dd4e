package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/progress"
	"sicgrid/pkg/store"
	"sicgrid/pkg/store/remote"
	"sicgrid/stages/experiment"
)

// remoteVariable names the remote that run asks by default.
const remoteVariable = "SICGRID_REMOTE"

const remoteURLs = "URL is file:///folder, file://./folder, s3://bucket/prefix, gs://bucket/prefix or azblob://container/prefix; behind a question\n" +
	"mark may stand options: of s3 endpoint=https://host, region=eu-central-1 and use_path_style=true, of gs anonymous=true, of\n" +
	"azblob storage_account=NAME. Credentials come from where the tools of AWS (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a\n" +
	"profile), Google (gcloud auth application-default login) and Azure (AZURE_STORAGE_KEY, az login) look for them, never from the URL."

type shareFlags struct {
	store string
	json  bool
}

func (f *shareFlags) add(cmd *cobra.Command) {
	addStoreFlag(cmd.Flags(), &f.store)
	cmd.Flags().BoolVar(&f.json, "json", false, "print the answer as JSON")
}

func newPushCommand() *cobra.Command {
	var flags shareFlags
	cmd := &cobra.Command{
		Use:   "push URL",
		Short: "Send what a remote lacks of the store",
		Long: "Send results that a remote lacks: artifacts first, then the records that name them. Interrupted, it goes on from there the\n" +
			"next time. Of two that push different results of one computation, the first decides.\n" + remoteURLs,
		Example: "  sicgrid push file:///mnt/group/sicgrid\n" +
			"  sicgrid push 's3://our-bucket/sicgrid?region=eu-central-1'",
		Args: takes(1, 1, "the URL of a remote"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := remote.Make(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return flags.transfer(cmd, r, "sent", func(r *remote.Remote, s *store.Store, tell remote.Progress) (remote.Transfer, error) {
				release, err := s.Share(cmd.Context()) // nothing is collected while it is sent
				if err != nil {
					return remote.Transfer{}, err
				}
				defer release()
				var sound []*store.Action
				err = s.Walk(nil, func(a *store.Action, _ string, err error) error {
					if err == nil { // verify names the others
						sound = append(sound, a)
					}
					return nil
				})
				if err != nil {
					return remote.Transfer{}, err
				}
				return r.Push(cmd.Context(), s, sound, tell)
			})
		},
	}
	flags.add(cmd)
	return cmd
}

func newPullCommand() *cobra.Command {
	var flags shareFlags
	cmd := &cobra.Command{
		Use:   "pull URL",
		Short: "Fetch what the store lacks of a remote",
		Long: "Fetch results that the store lacks. Nothing becomes visible before its digests have been checked. Interrupted, it goes\n" +
			"on from there the next time. A run fetches just what it needs by itself: sicgrid run figure-6 --remote URL, or with\n" +
			remoteVariable + " set to the URL.\n" + remoteURLs,
		Example: "  sicgrid pull file:///mnt/group/sicgrid\n" +
			"  sicgrid pull 's3://our-bucket/sicgrid?region=eu-central-1'",
		Args: takes(1, 1, "the URL of a remote"),
		RunE: func(cmd *cobra.Command, args []string) error { return flags.pull(cmd, args[0]) },
	}
	flags.add(cmd)
	return cmd
}

// pull fetches what the store lacks of a remote.
func (f *shareFlags) pull(cmd *cobra.Command, url string) error {
	r, err := remote.Open(cmd.Context(), url)
	if err != nil {
		return err
	}
	if err := r.Present(cmd.Context()); err != nil { // before a store is made for nothing
		return err
	}
	return f.transfer(cmd, r, "fetched", func(r *remote.Remote, s *store.Store, tell remote.Progress) (remote.Transfer, error) {
		return r.Pull(cmd.Context(), s, pipeline.Accept(s, experiment.CheckTable), tell)
	})
}

// transfer opens the store, does the work and prints what came of it.
func (f *shareFlags) transfer(cmd *cobra.Command, r *remote.Remote, verb string, do func(*remote.Remote, *store.Store, remote.Progress) (remote.Transfer, error)) error {
	defer r.Close()
	open := store.Open
	if verb == "sent" { // for which a store that cannot be written serves
		open = store.OpenThere
	}
	s, err := open(f.store)
	if err != nil {
		return err
	}
	show := progress.NewWork(cmd.ErrOrStderr(), verbosityOf(cmd) < 0)
	t, err := do(r, s, func(done, total int64) { show.UpdateBytes(verb, done, total) })
	show.Close()
	if err != nil {
		return err
	}
	if err := printTransfer(cmd.OutOrStdout(), r, t, verb, f.json, verbosityOf(cmd)); err != nil {
		return err
	}
	if n := len(t.Problems); n > 0 {
		return fmt.Errorf("%d results were not %s, first: %s", n, verb, t.Problems[0])
	}
	return nil
}

func printTransfer(w io.Writer, r *remote.Remote, t remote.Transfer, verb string, asJSON bool, level verbosity) error {
	if asJSON {
		return jsontext.Write(w, struct {
			Remote   string   `json:"remote"`
			Records  int      `json:"results"`
			Objects  int      `json:"artifacts"`
			Bytes    int64    `json:"bytes"`
			Present  int      `json:"present"`
			Problems []string `json:"problems"`
		}{r.String(), t.Records, t.Objects, t.Bytes, t.Present, append([]string{}, t.Problems...)})
	}
	for _, p := range t.Problems {
		fmt.Fprintf(w, "problem  %s\n", p)
	}
	if level >= 0 {
		fmt.Fprintf(w, "%s %d results, %d artifacts of %s; %d were there already\n", verb, t.Records, t.Objects, megabytes(t.Bytes), t.Present)
	}
	return nil
}

// openRemote opens the remote at url or, if that is empty, the configured one; nil if there is
// none. What is asked for by name must have something, or it is mistyped; one that does not answer
// is left out, and told.
func openRemote(ctx context.Context, url string, tell io.Writer) (*remote.Remote, error) {
	named := url != ""
	if !named {
		url = os.Getenv(remoteVariable)
	}
	if url == "" || url == "none" {
		return nil, nil
	}
	r, err := remote.Open(ctx, url)
	if err != nil || !named {
		return r, err
	}
	err = r.Present(ctx)
	if err == nil || errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil {
		return r, err
	}
	fmt.Fprintf(tell, "%v; what it may have is computed here instead\n", err)
	return nil, r.Close()
}
