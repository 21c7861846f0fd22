package cli

import (
	"embed"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/config"
	"github.com/slo-cli/slo/internal/iostreams"
	"github.com/slo-cli/slo/internal/render"
)

//go:embed help/*.md
var helpTopics embed.FS

// The groups under which the commands are listed.
const (
	groupAnswers = "answers"
	groupObjects = "objects"
	groupTry     = "try"
	groupSetup   = "setup"
)

// globalFlags are the flags of every command.
type globalFlags struct {
	site, apiURL, config, cacheDir   string
	at, tz, color, output            string
	timeout, settle                  time.Duration
	noCache, refresh, offline, debug bool
	// plan is a flag of commands that evaluate.
	plan                  bool
	timeoutSet, settleSet bool
}

func (g *globalFlags) json() bool { return g.output == render.FormatJSON }

func newRootCmd(f *factory) *cobra.Command {
	root := &cobra.Command{
		Use:   "slo",
		Short: "The truth about your reliability, from Datadog",
		Long: `slo pulls metrics and SLO objects from Datadog, recomputes attainment and error
budget itself, and prints what the meeting needs to know.

Without an account, "slo demo" shows the same program on an embedded simulator.

"slo help" also knows the topics cache, environment, exit-codes, formats, glossary
and policies.`,
		Example: `  slo demo
  slo status
  slo status --team payments --timeframe 30d
  slo investigate --last 14d`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			end := usage("unknown command %q", args[0])
			for _, s := range cmd.SuggestionsFor(args[0]) {
				end.hints = append(end.hints, "did you mean slo "+s+"?")
			}
			end.hints = append(end.hints, "slo --help lists the commands")
			return end
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			f.reached = true
			return f.checkGlobals(cmd)
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate("slo {{.Version}}\n")
	root.AddGroup(
		&cobra.Group{ID: groupAnswers, Title: "Answers:"},
		&cobra.Group{ID: groupObjects, Title: "Objects:"},
		&cobra.Group{ID: groupTry, Title: "Try it without an account:"},
		&cobra.Group{ID: groupSetup, Title: "Setup:"},
	)
	f.bindGlobals(root)
	root.AddCommand(
		newStatusCmd(f), newGateCmd(f), newEndpointsCmd(f), newInvestigateCmd(f), newListCmd(f), newShowCmd(f), newDemoCmd(f), newSimulatorCmd(f), newDoctorCmd(f), newCacheCmd(f), newVersionCmd(f),
	)
	for topic, short := range map[string]string{
		"environment": "The environment variables that slo reads",
		"exit-codes":  "What each exit code means",
		"formats":     "Output formats, instants and the project file",
		"glossary":    "The words on the board",
		"policies":    "The file that slo gate goes by, and the default policy",
	} {
		root.AddCommand(helpTopic(topic, short))
	}
	root.SetHelpCommand(newHelpCmd(root))
	root.SetCompletionCommandGroupID(groupSetup)
	root.InitDefaultCompletionCmd("completion")
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args = cobra.ArbitraryArgs
			c.RunE = func(c *cobra.Command, args []string) error {
				if len(args) > 0 {
					return usage("completion for %q: want bash, zsh, fish or powershell", args[0])
				}
				return c.Help()
			}
		}
	}
	return root
}

// newHelpCmd is "slo help [command or topic]", which knows what it does not know.
func newHelpCmd(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND|TOPIC]",
		Short:   "Show the help of a command or a topic",
		Example: "  slo help status\n  slo help glossary",
		GroupID: groupSetup,
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 || (len(args) > 0 && cmd == root) {
				end := usage("no help for %q", strings.Join(args, " "))
				end.hints = []string{"slo --help lists the commands", "the topics are cache, environment, exit-codes, formats, glossary and policies"}
				return end
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

func (f *factory) bindGlobals(root *cobra.Command) {
	g, p := &f.global, root.PersistentFlags()
	p.StringVar(&g.site, "site", "", "Datadog `SITE` (default datadoghq.com; DD_SITE)")
	p.StringVar(&g.apiURL, "api-url", "", "base `URL` of the API (default https://api.<site>; DD_HOST)")
	p.StringVar(&g.config, "config", "", "user config `FILE` (SLO_CONFIG)")
	p.StringVar(&g.at, "at", "", "evaluate as of `TIME`: RFC 3339, 2026-11-09 or -14d (default now)")
	p.StringVar(&g.tz, "tz", "", "time `ZONE` for dates, such as Asia/Tokyo (default UTC); instants in notes say their zone")
	p.Var(lengthFlag{&g.timeout}, "timeout", "bound on the whole run (default 5m)")
	p.Var(lengthFlag{&g.settle}, "settle", "leave out the newest points, which are still arriving (default 5m)")
	p.StringVarP(&g.output, "output", "o", render.FormatTable, "`FORMAT`: "+strings.Join(render.Formats(), ", "))
	p.StringVar(&g.color, "color", "", "`WHEN` to colour: auto, always or never (default auto)")
	p.BoolVar(&g.debug, "debug", false, "trace requests on stderr, never a secret")
	p.StringVar(&g.cacheDir, "cache-dir", "", "cache `FOLDER` (SLO_CACHE_DIR; default slo in the user's cache folder)")
	p.BoolVar(&g.noCache, "no-cache", false, "neither read nor write the cache")
	p.BoolVar(&g.refresh, "refresh", false, "read nothing from the cache, and write it anew")
	p.BoolVar(&g.offline, "offline", false, "ask nothing: use the cache alone, and say how old it is")
	root.PersistentFlags().SortFlags = false
	err := root.RegisterFlagCompletionFunc("output", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return formatsOf(cmd), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag is bound above
	}
	mustComplete(root, "color", iostreams.ColorModes()...)
}

// mustComplete offers the values of a flag to the shell.
func mustComplete(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // not a flag of the command
	}
}

// indented is a text as an example on a page.
func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// helpTopic is a page that belongs to no command: slo help glossary.
func helpTopic(name, short string) *cobra.Command {
	text, err := helpTopics.ReadFile("help/" + name + ".md")
	if err != nil {
		panic(err) // embedded at build time
	}
	if name == "policies" {
		text = append(text, "\nThe default policy\n\n"+indented(config.DefaultPolicyText())...)
	}
	cmd := &cobra.Command{
		Use: name, Short: short, Long: strings.TrimSpace(string(text)), Hidden: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("%s is a help topic and takes no arguments", name)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetHelpTemplate("{{.Long}}\n")
	return cmd
}
