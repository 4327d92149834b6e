// Package plumtree broadcasts over a tree that it finds in the overlay and mends:
// J. Leitão, J. Pereira, L. Rodrigues, "Epidemic broadcast trees", SRDS 2007.
package plumtree
