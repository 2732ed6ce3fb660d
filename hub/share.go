package hub

import (
	"fmt"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
)

const (
	maxOutputs  = 5000      // of one run
	maxShown    = 100 << 20 // bytes of what one run shows, those beside the document too
	inlineShare = 8 << 20   // bytes of payloads of one run that the document takes before even small ones become blobs
	fewShown    = 1 << 20   // up to here nobody asks what other cells show
)

// share is what a run has used of what document and file have room for. What it
// cleared does not count.
type share struct {
	printed int  // bytes of text
	cut     bool // there was more of it
	inline  int  // bytes of other outputs in the document
	shown   int  // bytes of all of them
	outputs int  // how many they are, those left out too
	full    bool // there were more of them
	others  int  // bytes of what other cells show; 0 when nobody has asked
}

// writeOutput adds an output. A cell in a loop fills neither the document, as
// more and more of what it shows goes beside it, nor the page, nor the file: a
// file that is too large to be opened is no use.
func (u *share) writeOutput(s *state, edit *nbdoc.Edit, cell string, ev KernelEvent) error {
	u.outputs++
	u.shown += payloadSize(map[string]any(ev.Output))
	if why := u.exceeded(s, cell); why != "" && ev.Kind != "error" {
		if u.full {
			return nil
		}
		u.full = true
		return edit.AppendStream(cell, "stderr", "\n[output truncated here: "+why+"]\n")
	}
	output, err := s.h.blobs.orBeside(ev.Output, u.limit())
	if err != nil {
		return err
	}
	u.inline += payloadSize(output["data"])
	return edit.AppendOutput(cell, output, ev.DisplayID)
}

// exceeded says of which share there is nothing left, "" of none.
func (u *share) exceeded(s *state, cell string) string {
	if u.shown > fewShown && u.others == 0 {
		u.others = 1 + s.shownBeside(cell)
	}
	switch {
	case u.outputs >= maxOutputs:
		return fmt.Sprintf("the cell showed more than %d things", maxOutputs)
	case u.shown > maxShown:
		return fmt.Sprintf("the cell showed more than %d MiB", maxShown>>20)
	case int64(u.shown+u.others) > s.h.options.MaxNotebook/4*3:
		return "what the notebook shows would not fit into its file; clear other outputs first"
	}
	return ""
}

// shownBeside is how many bytes the outputs of all cells but one have in the file.
func (s *state) shownBeside(cell string) int {
	n := 0
	for _, c := range s.doc.Cells() {
		if c.ID == cell {
			continue
		}
		for _, o := range c.Outputs {
			n += payloadSize(map[string]any(o)) + bytesBeside(o)
		}
	}
	return n
}

// bytesBeside is how large the payloads of an output are that are in the store.
func bytesBeside(o notebook.Output) int {
	refs, _ := o[blobKey].(map[string]any)
	n := 0.0
	for _, v := range refs {
		ref, _ := v.(map[string]any)
		size, _ := ref["size"].(float64)
		if ref["base64"] == true {
			size *= 4.0 / 3
		}
		n += size
	}
	return int(n)
}

// limit is the size of a payload from which on it goes beside the document.
func (u *share) limit() int {
	if u.inline > inlineShare {
		return blobLeast
	}
	return blobFrom
}

// maxCellText is how many bytes of text one run may print into the document.
const maxCellText = 10 << 20

const truncated = "\n[output truncated here: the cell printed more than 10 MiB]\n"

// writeText writes stream text until the cell's share is used up, and then says
// once that there was more.
func (u *share) writeText(s *state, edit *nbdoc.Edit, cell string, ev KernelEvent) error {
	if u.printed+len(ev.Text) > maxCellText { // carriage returns may have overwritten most of it
		u.printed = min(u.printed, s.doc.OutputBytes(cell))
	}
	room := maxCellText - u.printed
	u.printed += len(ev.Text)
	switch {
	case u.cut:
		return nil
	case len(ev.Text) > room:
		u.cut = true
		ev.Text = cutText(ev.Text, max(room, 0)) + truncated
	}
	return edit.AppendStream(cell, ev.Name, ev.Text)
}

// cutText cuts text between characters.
func cutText(text string, n int) string {
	for n > 0 && n < len(text) && text[n]&0xc0 == 0x80 {
		n--
	}
	return text[:n]
}
