package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/cache"
	"github.com/slo-cli/slo/internal/config"
	"github.com/slo-cli/slo/internal/report"
)

// newCacheCmd is "slo cache". Its help is the help topic about the cache.
func newCacheCmd(f *factory) *cobra.Command {
	text, err := helpTopics.ReadFile("help/cache.md")
	if err != nil {
		panic(err) // embedded at build time
	}
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "See, shrink or empty what is kept on disk",
		Long:  strings.TrimSpace(string(text)),
		Example: `  slo cache info
  slo cache prune --older-than 30d`,
		GroupID:           groupSetup,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			end := usage("unknown command %q for %q", args[0], cmd.CommandPath())
			for _, s := range cmd.SuggestionsFor(args[0]) {
				end.hints = append(end.hints, "did you mean slo cache "+s+"?")
			}
			end.hints = append(end.hints, "slo cache --help lists the commands")
			return end
		},
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(newCacheInfoCmd(f), newCachePruneCmd(f), newCacheClearCmd(f))
	return cmd
}

func newCacheInfoCmd(f *factory) *cobra.Command {
	return &cobra.Command{
		Use:   "info",
		Short: "Show where the cache is, how large, and what of which organisation",
		Example: `  slo cache info
  slo cache info -o json`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCache(cmd.Context(), f, nil)
		},
	}
}

type cachePruneOptions struct {
	maxSize   string
	olderThan time.Duration
}

func newCachePruneCmd(f *factory) *cobra.Command {
	o := &cachePruneOptions{}
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove the oldest until the cache is as small as asked",
		Long: `Remove what was written longest ago until the cache is within its bound, or
within --max-size; with --older-than also what was written longer ago than that.
About once a day runs do so by themselves. What is gone is asked of Datadog
again when a run needs it.`,
		Example: `  slo cache prune --max-size 200MiB
  slo cache prune --older-than 30d`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCachePrune(cmd, f, o)
		},
	}
	cmd.Flags().StringVar(&o.maxSize, "max-size", "", "remove until the cache takes at most `SIZE`, such as 200MiB (default: cache_max_size of the config file, else 1GiB)")
	cmd.Flags().Var(lengthFlag{&o.olderThan}, "older-than", "remove what was written longer ago than this, such as 30d")
	mustComplete(cmd, "max-size")
	mustComplete(cmd, "older-than")
	return cmd
}

func runCachePrune(cmd *cobra.Command, f *factory, o *cachePruneOptions) error {
	settings, err := f.settings()
	if err != nil {
		return err
	}
	most := settings.CacheMaxBytes
	if cmd.Flags().Changed("max-size") {
		if most, err = config.ParseSize(o.maxSize); err != nil {
			return usage("--max-size %q: %v", o.maxSize, err)
		}
		if most < 1 {
			return usage("--max-size %q: want a size above zero; slo cache clear removes everything", o.maxSize)
		}
	}
	if cmd.Flags().Changed("older-than") && o.olderThan <= 0 {
		return usage("--older-than %s: want a length of time above zero, such as 30d", o.olderThan)
	}
	return runCache(cmd.Context(), f, func(s cache.Store) (int, int64, error) {
		// Not the clock of the demo: the disk knows only the real one.
		return cache.Prune(s, most, o.olderThan, time.Now())
	})
}

func newCacheClearCmd(f *factory) *cobra.Command {
	return &cobra.Command{
		Use:   "clear",
		Short: "Remove everything that is cached",
		Long: `Remove everything that slo has cached, of every organisation, and nothing else:
a file that is not slo's own stays. What is gone is asked of Datadog again when
a run needs it.`,
		Example: `  slo cache clear
  slo cache clear --cache-dir /var/cache/slo`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCache(cmd.Context(), f, cache.Clear)
		},
	}
}

// runCache removes what is to be removed, if anything, and shows what is there.
func runCache(ctx context.Context, f *factory, remove func(cache.Store) (files int, bytes int64, err error)) error {
	switch {
	case f.global.noCache:
		return usage("slo cache is about the cache, and --no-cache does not use it: leave --no-cache out")
	case f.global.refresh:
		return usage("slo cache reads the cache, and --refresh does not: leave --refresh out")
	}
	return f.within(ctx, func(ctx context.Context) error {
		settings, err := f.settings()
		if err != nil {
			return err
		}
		view, err := promptly(ctx, func() (report.CacheView, error) { return tidy(settings, remove) })
		if errors.Is(err, context.DeadlineExceeded) {
			return &failure{
				code: exitBug, message: fmt.Sprintf("the cache folder %s did not answer before the timeout", settings.CacheDir),
				hints: []string{"allow more time with --timeout, or name another folder with --cache-dir or SLO_CACHE_DIR"},
			}
		}
		if err != nil {
			return err
		}
		return f.print(report.Cache(view))
	})
}

// promptly gives up on a disk that does not answer when ctx is done.
func promptly[T any](ctx context.Context, work func() (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		v, err := work()
		done <- outcome{v, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// tidy removes and surveys.
func tidy(s config.Settings, remove func(cache.Store) (int, int64, error)) (report.CacheView, error) {
	view := report.CacheView{Folder: s.CacheDir, MaxBytes: s.CacheMaxBytes}
	if remove != nil {
		view.Removed = &report.CacheRemoval{}
	}
	if s.CacheDir == "" {
		return view, nil
	}
	store := cache.Dir(s.CacheDir)
	if remove != nil {
		files, bytes, err := remove(store)
		if err != nil {
			return view, &failure{
				code: exitBug, message: fmt.Sprintf("not everything could be removed from the cache: %v", cause(err)),
				hints: []string{"what cannot be removed has to belong to you, in a folder that you may write to", elsewhere},
			}
		}
		view.Removed = &report.CacheRemoval{Files: files, Bytes: bytes}
	}
	found, err := cache.Survey(store)
	if err != nil {
		return view, &failure{
			code: exitBug, message: fmt.Sprintf("the cache cannot be read: %v", cause(err)),
			hints: []string{"it has to be a folder that you may read", elsewhere},
		}
	}
	view.Files, view.Bytes = found.Files, found.Bytes
	for _, o := range found.Owners {
		view.Owners = append(view.Owners, report.CacheOwner{
			ID: o.ID, Site: o.Site, API: o.BaseURL, Queries: o.Queries, Files: o.Files, Bytes: o.Bytes,
			From: o.Oldest, To: o.Newest, Written: o.Written,
		})
	}
	return view, nil
}

// cause is the error of the disk, which names the file, without what was said around it.
func cause(err error) error {
	var place *fs.PathError
	if errors.As(err, &place) {
		return place
	}
	return err
}

const elsewhere = "--cache-dir or SLO_CACHE_DIR names another folder"
