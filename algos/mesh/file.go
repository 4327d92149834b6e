package mesh

import "crypto/sha256"

// Sums are what everybody knows of a file: its length, and the SHA-256 of its blocks.
type Sums struct {
	Size  int // bytes
	Block int // bytes of a block, but for the last one, which may be shorter
	sums  [][sha256.Size]byte
}

// Split makes the sums of a file with blocks of so many bytes, from 1.
func Split(data []byte, block int) *Sums {
	s := &Sums{Size: len(data), Block: block}
	for at := 0; at < len(data); at += block {
		s.sums = append(s.sums, sha256.Sum256(data[at:min(at+block, len(data))]))
	}
	return s
}

// Blocks is how many blocks the file has.
func (s *Sums) Blocks() int { return len(s.sums) }

// Sum is the hash of a block.
func (s *Sums) Sum(block int) [sha256.Size]byte { return s.sums[block] }

// Copy is a copy of a file in memory, as far as it is there. It is a File.
type Copy struct {
	*Sums
	blocks [][]byte
}

// Empty is a copy of which nothing is there.
func (s *Sums) Empty() *Copy { return &Copy{s, make([][]byte, len(s.sums))} }

// Whole is a copy of which all is there: the data that the sums are of, of which it keeps parts.
func (s *Sums) Whole(data []byte) *Copy {
	c := s.Empty()
	for i := range c.blocks {
		c.blocks[i] = data[i*s.Block : min((i+1)*s.Block, len(data))]
	}
	return c
}

// Has implements File.
func (c *Copy) Has(block int) bool { return c.blocks[block] != nil }

// Read implements File.
func (c *Copy) Read(block int) []byte { return c.blocks[block] }

// Write implements File.
func (c *Copy) Write(block int, data []byte) { c.blocks[block] = append([]byte(nil), data...) }

// Bytes is the file, if all of it is there, and else nil.
func (c *Copy) Bytes() []byte {
	data := make([]byte, 0, c.Size)
	for _, block := range c.blocks {
		if block == nil {
			return nil
		}
		data = append(data, block...)
	}
	return data
}
