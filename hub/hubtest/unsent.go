package hubtest

import (
	"encoding/base64"

	"github.com/notebookhub/hub/hub/yjs"
)

// Unsent is an edit of a peer that the hub did not acknowledge.
type Unsent struct {
	clock  uint64 // of its author, behind it
	update []byte
}

// Unsent are the edits of a peer whose connection has ended that the hub did not
// acknowledge. The next one repeats them, as a careful client does: Yjs collects
// what was typed into a cell that turns out to be gone.
func (p *Peer) Unsent() []Unsent {
	<-p.left
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unsent
}

// repeat sends what is not acknowledged as it was written.
func (p *Peer) repeat() error {
	if len(p.unsent) == 0 {
		return nil
	}
	var updates [][]byte
	for _, u := range p.unsent {
		updates = append(updates, u.update)
	}
	merged, err := yjs.MergeUpdates(updates...)
	if err == nil {
		_ = p.Conn.Send(yjs.AppendUpdate(nil, merged))
	}
	return err
}

// confirm forgets what an acknowledgement covers.
func (p *Peer) confirm(event map[string]any) error {
	text, ok := event["state_vector"].(string)
	if event["type"] != "ack" || !ok {
		return nil
	}
	vector, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	clocks, err := yjs.DecodeStateVector(vector)
	for len(p.unsent) > 0 && p.unsent[0].clock <= clocks[p.doc.ClientID()] {
		p.unsent = p.unsent[1:]
	}
	return err
}
