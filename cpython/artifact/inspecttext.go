package artifact

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// pageWidth is how many columns the text of an inspection has at most, and
// labelWidth how many of them the labels take.
const (
	pageWidth  = 100
	labelWidth = 12
)

// WriteText writes the inspection for people, in at most 100 columns. Nothing
// that the artifact says about itself can tell the terminal what to do.
func (i *Inspection) WriteText(w io.Writer) error {
	p := &page{}
	info := i.Info
	p.line("artifact", info.Ref.String())
	p.line("file", i.Path)
	p.line("sha256", i.SHA256)
	p.line("size", fmt.Sprintf("%s packed, %s in %d files", megabytes(i.Size), megabytes(i.Unpacked), i.Files))
	p.line("source", info.Source.Archive+" of "+info.Source.Date.UTC().Format(time.DateOnly))
	p.line("", "sha256 "+info.Source.SHA256)
	p.line("recipe", "optimize="+info.Recipe.Optimize+" link="+info.Recipe.Link+" prefix="+info.Prefix)
	p.line("", strings.Join(info.Recipe.ConfigureArgs, " "))
	for n, patch := range info.Recipe.Patches {
		p.line(label("patches", n), patch.Name+": "+patch.Reason)
	}
	p.line("inputs", info.Inputs)
	p.line("toolchain", strings.Join([]string{info.Toolchain.Compiler, info.Toolchain.Linker, info.Toolchain.Libc}, "; "))
	for n, need := range i.Needs() {
		p.line(label("needs", n), need)
	}
	p.line("modules", "")
	for _, state := range moduleStates {
		if names := i.Modules(state); len(names) > 0 {
			p.line("  "+state, strings.Join(names, " "))
		}
	}
	i.libraries(p)
	sbom := "in the artifact, " + SBOMName
	if !i.HasSBOM {
		sbom = "not in the artifact; what it would be is computed"
	}
	p.line("sbom", sbom)
	p.folders("folders", i.Folders)
	p.folders("library", i.Library)
	_, err := io.WriteString(w, p.b.String())
	return err
}

// label returns a label for the first of several lines and none for the others.
func label(text string, n int) string {
	if n > 0 {
		return ""
	}
	return text
}

// libraries writes a line for each library of others.
func (i *Inspection) libraries(p *page) {
	bundled := i.Bundled()
	if len(bundled) == 0 {
		p.line("bundled", "no libraries of others")
		return
	}
	for n, l := range bundled {
		text := l.Soname + " is " + l.File
		if l.Package != "" {
			text += ", of " + l.Package + " " + l.Version
		}
		p.line(label("bundled", n), text+", "+or(l.License, "licence not known"))
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// A page is a text of labels and what belongs to them.
type page struct{ b strings.Builder }

// line writes a label and a text that is broken between words where it is too
// long, or in them.
func (p *page) line(label, text string) {
	const width = pageWidth - labelWidth
	rest := []rune(printable(text))
	for first := true; first || len(rest) > 0; first = false {
		n := len(rest)
		if n > width {
			n = width
			for at := width; at > width/2; at-- {
				if rest[at] == ' ' {
					n = at
					break
				}
			}
		}
		fmt.Fprintln(&p.b, strings.TrimRight(fmt.Sprintf("%-*s%s", labelWidth, label, string(rest[:n])), " "))
		label, rest = "", []rune(strings.TrimLeft(string(rest[n:]), " "))
	}
}

// folders writes a table. What is a thousandth of all or less is one line together.
func (p *page) folders(label string, folders []Folder) {
	var total int64
	for _, f := range folders {
		total += f.Size
	}
	var rest Folder
	for _, f := range folders {
		if f.Size*1000 <= total {
			rest.Files, rest.Size = rest.Files+f.Files, rest.Size+f.Size
			continue
		}
		p.folder(label, f)
		label = ""
	}
	if rest.Files > 0 {
		rest.Path = "all others"
		p.folder(label, rest)
	}
}

func (p *page) folder(label string, f Folder) {
	name := []rune(printable(f.Path))
	if most := pageWidth - labelWidth - 34; len(name) > most {
		name = append(name[:most-1], '…')
	}
	if string(name) == "." {
		name = []rune("beside them")
	}
	fmt.Fprintf(&p.b, "%-*s%*d KB %6d files  %s\n", labelWidth, label, 8, (f.Size+999)/1000, f.Files, string(name))
}

// printable keeps what an artifact says about itself from telling the terminal
// what to do: what is not printed is replaced.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return utf8.RuneError
		}
		return r
	}, text)
}
