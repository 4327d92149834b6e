package observer

import (
	"io/fs"

	"github.com/ioverlay/ioverlay/observer/web"
)

// page is the built page.
func page() fs.FS { return web.Files() }

// Page is what the observer serves: for other commands that do.
func Page() fs.FS { return page() }
