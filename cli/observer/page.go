package observer

import "io/fs"

// page is the built page; nil until this program has one.
func page() fs.FS { return nil }
