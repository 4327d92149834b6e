// Package bench measures chains of nodes, as section 2.4 of the paper does: node 1 sends back to back, every node
// between passes messages on, and the last one checks and counts them. A chain of n nodes has n-1 links. The total
// bandwidth is the end-to-end bandwidth times the number of links: what was switched or in transit.
//
// What is counted: payload bytes only, no headers; 1 MB is 10^6 bytes; CPU time is user plus system time of all
// processes of the chain. Bytes per CPU-second come first and wall-clock rates second, because other tenants of the
// machine move the latter by a factor of two and the former by little.
//
// How it is measured: everything that is compared is measured in one run, in rounds. A round measures each kind of
// chain at each length once; the order of kinds rotates from round to round, so that no kind always follows the same
// other, and drift of the machine hits all of them. Figures are medians over rounds, with the smallest and the
// largest; ratios are taken within a round first.
//
// Every point (kind, length, round) runs in a process of its own, so that its CPU time and its memory are its own
// and no kind inherits another's heap: see [Process] and [RunPoint]. Results are JSON objects, one a line: see
// [Env], [Point], [Failure] and [Summary].
package bench
