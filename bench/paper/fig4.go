package paper

import (
	"fmt"
	"math"

	"github.com/ioverlay/ioverlay/bench/repro"
)

func fig4() *Figure {
	return &Figure{
		Name: "fig4", Title: "Fig. 4: network coding on seven nodes", Section: "3.1", By: measureFig4,
		Claim: "Without coding D, E, F and G receive 400, 200, 300 and 300 KBps. When D codes its two streams into a+b in GF(2^8), F and G decode both and " +
			"receive 400 KBps; the price is that E becomes a helper, as B and C are.",
		There: "Seven nodes. A, the source, has 400 KBps for the whole node and splits its data into the streams a, by B, and b, by C; D's uplink has 200 KBps. B sends a to D and F, C sends b to D and G, and " +
			"E passes on to F and G what D sends it.",
		Here: "The same topology and limits, emulated: A's uplink 400 KBps, D's 200. Uncoded, D passes on as much of both streams as its uplink takes and E gives each of F and G the stream that it lacks; coded, D sends a+b and F and G solve for it. " +
			"Every message that is received or decoded is compared with what the source made. KBps are of the source's data, 1 KB = 1,000 bytes, over 20 s after 5 s.",
		Differs: "Limits count headers and the figures count data: headers are 0.5% of the messages, 0.8% of coded ones. That is what is missing everywhere.",
		compare: compareFig4,
	}
}

func compareFig4(d *Data) (c Comparison, err error) {
	points, err := decode[repro.Fig4Point](d, "fig4")
	if err != nil {
		return c, err
	}
	const source = "section 3.1, Fig. 4"
	wrong := 0.0
	t := Table{Title: "All nodes", Head: []string{"case", "node", "KBps of data", "KBps received in all", "delay s", "longest silence s", "wrong messages"}}
	for _, p := range points {
		wrong += float64(p.WrongMessages)
		t.Rows = append(t.Rows, []string{string(p.Case), p.Node, number(p.UsefulPerS / kilo), number(p.ReceivedPerS / kilo), number(p.DelayMean), number(p.Silence), fmt.Sprint(p.WrongMessages)})
		switch paper, known := repro.Paper[p.Case][p.Node]; {
		case known:
			c.Rows = append(c.Rows, within(fmt.Sprintf("%s: node %s receives", p.Case, p.Node), "KBps", source, paper/kilo, p.UsefulPerS/kilo, p.World.Tolerance()))
		case p.Node != "A":
			c.Rows = append(c.Rows, apart(fmt.Sprintf("%s: node %s, a helper, receives", p.Case, p.Node), "KBps", source, math.NaN(), p.ReceivedPerS/kilo, "the paper gives no figure for it"))
		}
	}
	c.Rows = append(c.Rows, below("messages that are not what was sent", "messages", source, "none is spoken of", wrong, 1))
	c.Tables = []Table{t}
	c.Charts = []Chart{{"fig4", "What each node receives, without and with coding.", repro.Fig4Chart(points)}}
	return c, nil
}
