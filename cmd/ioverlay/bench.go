package main

import (
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/memory"
)

func (a *app) bench() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure the engine",
		Example: "  ioverlay bench chain --nodes 2,3,32 --duration 1s",
	}
	for _, c := range []*cobra.Command{
		a.benchChain(), a.benchIdle(), a.benchFootprint(), a.benchAttack(), // the switch
		a.benchEmulation(), a.benchFailures(), a.benchProbes(), a.benchObserver(), // the testbed
	} {
		c.PreRunE = func(*cobra.Command, []string) error { return memory.Fits() }
		cmd.AddCommand(c)
	}
	cmd.AddCommand(
		a.benchSim(), a.benchAgreement(), a.benchGF(), a.benchCoding(),
		a.benchPoint(), a.benchIdlePoint(), a.benchSimPoint(), a.benchObserved(), // children's sides
	)
	return cmd
}

// benchPoint is the child's side of the suites: each point is measured by a process of its own, which is
// this program with this command.
func (a *app) benchPoint() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "point",
		Short: "Measure one point and print it as JSON",
		Long: `Measure one point in this process and print it as one JSON object. The suites run
this command for each of their points. It ends early when its standard input does.`,
		Example: `  sleep 60 | ioverlay bench point --spec '{"kind":"raw","pass":"throughput","nodes":3,
      "payload_bytes":5120,"loops":1,"round":1,"warmup_ns":150000000,"duration_ns":1000000000}'`,
		Args:   cobra.NoArgs,
		Hidden: true,
	}
	spec := cmd.Flags().String("spec", "", "the point, as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return bench.ServePoint(cmd.Context(), bench.Kinds(), *spec, a.In, a.Out)
	}
	return cmd
}
