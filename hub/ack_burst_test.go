package hub_test

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/yjs"
)

// The last edit of a burst is acknowledged too, without another one after it:
// whoever waits for "everything is on disk" must not wait for ever.
func TestAck_TheLastEditOfABurstIsAcknowledged(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("one"))
	p := e.Join(e.Open("a.ipynb"))
	for burst := range 40 {
		began := time.Now()
		for i := range 1 + burst*7%25 {
			p.Edit(func(doc *yjs.Doc, tx *yjs.Txn) {
				doc.Map("meta").Set(tx, "burst", fmt.Sprint(burst, i))
			})
		}
		var id, clock uint64
		p.Read(func(doc *yjs.Doc) { id, clock = doc.ClientID(), doc.State()[doc.ClientID()] })
		p.Await(fmt.Sprintf("everything of burst %d is acknowledged", burst), func() bool {
			var known uint64
			for _, ev := range p.Events() {
				if text, ok := ev["state_vector"].(string); ok && ev["type"] == "ack" {
					vector, err := base64.StdEncoding.DecodeString(text)
					if err != nil {
						return false
					}
					clocks, err := yjs.DecodeStateVector(vector)
					if err != nil {
						return false
					}
					known = max(known, clocks[id])
				}
			}
			return known >= clock
		})
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("the acknowledgement of burst %d took %v", burst, took)
		}
	}
}
