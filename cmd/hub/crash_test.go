package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// crashRounds is how often the hub is killed.
const crashRounds = 50

// crash is the story of a hub that is killed again and again while people edit
// a file's room and an untitled one, by REST and by socket.
type crash struct {
	t        *testing.T
	s        *site
	rng      *rand.Rand
	room     string
	untitled string
	cmd      *exec.Cmd
	h        *served

	safe     []rune            // marks that were acknowledged to sockets
	answered map[string]string // cells that were answered to REST, and where: id -> room
	counters map[string]int    // by room: the greatest count that was answered
	tried    map[string]int    // by room: the greatest that was asked for
	cells    int
}

// Kill -9 at any moment loses no acknowledged edit and doubles none, in files
// and untitled notebooks; the file is always the old one or the new one, and
// nothing is littered beside it.
func TestCrash_KilledFiftyTimesWhilePeopleEdit(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	c := &crash{t: t, s: newSite(t), rng: rand.New(rand.NewPCG(seed, 1)), answered: make(map[string]string), counters: make(map[string]int), tried: make(map[string]int)}
	c.s.asPeopleGetIt()
	c.start()
	c.room = c.s.hub("open", "--url", c.h.url, "a.ipynb").want(t, `[0-9a-f-]{36}\n`)
	c.untitled = c.s.hub("open", "--url", c.h.url).want(t, `[0-9a-f-]{36}\n`)
	c.rest(http.MethodPost, c.untitled+"/cells", map[string]any{"id": "one", "cell_type": "code", "source": ""})
	mark := marker()
	// One person keeps the document through all crashes, the other forgets it.
	keeper := newDesk(t, rand.IntN)
	for round := range crashRounds {
		forgetful := newDesk(t, rand.IntN)
		keeper.attach(c.h, c.room)
		forgetful.attach(c.h, c.room)
		c.untilKilled(mark, keeper, forgetful)
		c.safe = append(c.safe, forgetful.safe()...)
		keeper.leave()
		forgetful.leave()
		c.checkFile(fmt.Sprintf("after crash %d", round+1))
		c.start()
		c.check(fmt.Sprintf("after start %d", round+1), keeper.safe())
	}
	c.end(keeper)
}

func (c *crash) start() {
	c.t.Helper()
	c.cmd, c.h = c.s.process("--save-quiet", "15ms", "--save-max", "40ms", "--room-idle", "10s")
}

// untilKilled has everybody edit for a while, and ends the hub.
func (c *crash) untilKilled(mark func() rune, keeper, forgetful *desk) {
	stop := []func(){keeper.keepTyping("one", 3*time.Millisecond, mark), forgetful.keepTyping("one", 4*time.Millisecond, mark)}
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Duration(40+c.rng.IntN(160))*time.Millisecond)
	defer cancel()
	var editors sync.WaitGroup
	var mu sync.Mutex
	for _, room := range []string{c.room, c.untitled} {
		editors.Go(func() {
			for ctx.Err() == nil {
				c.editByREST(ctx, room, &mu)
			}
		})
	}
	editors.Wait()
	if err := c.cmd.Process.Kill(); err != nil { // the typing goes on into it
		c.t.Fatal(err)
	}
	_ = c.cmd.Wait()
	for _, end := range stop {
		end()
	}
}

// editByREST makes one edit and remembers it if it was answered.
func (c *crash) editByREST(ctx context.Context, room string, mu *sync.Mutex) {
	mu.Lock()
	c.cells++
	id := fmt.Sprintf("r%d", c.cells)
	c.tried[room]++
	count := c.tried[room]
	mu.Unlock()
	api, err := newClient(c.h.url, "")
	if err != nil {
		c.t.Error(err)
		return
	}
	var added, counted error
	if count%10 == 1 {
		_, added = api.call(ctx, http.MethodPost, "api/v1/rooms/"+room+"/cells", map[string]any{"id": id, "cell_type": "markdown", "source": "by REST"}, nil)
	}
	_, counted = api.call(ctx, http.MethodPatch, "api/v1/rooms/"+room+"/cells/one", map[string]any{"metadata": map[string]any{"count": count}}, nil)
	mu.Lock()
	defer mu.Unlock()
	if count%10 == 1 && added == nil {
		c.answered[id] = room
	}
	if counted == nil {
		c.counters[room] = count
	}
}

func (c *crash) rest(method, path string, body any) {
	c.t.Helper()
	api, err := newClient(c.h.url, "")
	if err == nil {
		_, err = api.call(c.t.Context(), method, "api/v1/rooms/"+path, body, nil)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// checkFile looks at what the kill left.
func (c *crash) checkFile(when string) {
	c.t.Helper()
	unique(c.t, filed(c.t, c.s.read("a.ipynb")), when)
}

// check looks for everything that was acknowledged, before any client that
// could bring it back is there.
func (c *crash) check(when string, kept []rune) {
	c.t.Helper()
	for _, room := range []string{c.room, c.untitled} {
		status, text := c.h.get("api/v1/rooms/" + room + "/notebook")
		if status != http.StatusOK {
			c.t.Fatalf("%s: %d %s", when, status, text)
		}
		cells := filed(c.t, text)
		unique(c.t, cells, when)
		for id, where := range c.answered {
			if where == room && !holds(cells, id+":by REST") {
				c.t.Fatalf("%s: cell %s was answered and is not there", when, id)
			}
		}
		if got := count(c.t, text); got < c.counters[room] || got > c.tried[room] {
			c.t.Fatalf("%s: the count is %d, answered was %d, tried %d", when, got, c.counters[room], c.tried[room])
		}
		if room == c.room {
			once(c.t, cells, append(kept, c.safe...), when)
		}
	}
	if rooms := c.h.rooms(); rooms["(untitled)"].ID != c.untitled {
		c.t.Fatalf("%s: the untitled notebook is not listed: %v", when, rooms)
	}
}

// count is the number in the metadata of the cell "one".
func count(t *testing.T, text string) int {
	t.Helper()
	var nb struct {
		Cells []struct {
			ID       string
			Metadata struct{ Count int }
		}
	}
	if err := json.Unmarshal([]byte(text), &nb); err != nil {
		t.Fatal(err)
	}
	for _, cell := range nb.Cells {
		if cell.ID == "one" {
			return cell.Metadata.Count
		}
	}
	return -1
}

// end brings the one who remembers back, and looks at what is left in the
// folder.
func (c *crash) end(keeper *desk) {
	keeper.attach(c.h, c.room)
	keeper.await("everything of ours to be acknowledged", func() bool {
		return keeper.acked >= keeper.doc.State()[keeper.doc.ClientID()]
	})
	c.s.hub("save", "--url", c.h.url, c.room).want(c.t, hash+`  a\.ipynb\n`)
	cells := filed(c.t, c.s.read("a.ipynb"))
	once(c.t, cells, append(keeper.safe(), c.safe...), "in the end")
	if got := keeper.cells(); strings.Join(got, "\n") != strings.Join(cells, "\n") {
		c.t.Errorf("the client holds %q, the file %q", got, cells)
	}
	entries, err := os.ReadDir(c.s.root)
	if err != nil || len(entries) != 1 {
		c.t.Errorf("the folder holds %v, %v", entries, err)
	}
	c.t.Logf("%d acknowledged marks, %d answered cells, counts %v", len(keeper.safe())+len(c.safe), len(c.answered), c.counters)
	keeper.leave()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("the hub ended with %v: %s", err, c.h.err)
	}
}

// Whoever reads the file while it is saved sees the old bytes or the new ones.
func TestSave_ReaderEveryTwoMillisecondsSeesNoBadFile(t *testing.T) {
	s := newSite(t)
	s.asPeopleGetIt()
	var cells []string
	for i := range 40 {
		cells = append(cells, fmt.Sprintf(`{"cell_type":"code","execution_count":null,"id":"c%d","metadata":{},"outputs":[],"source":%q}`, i, strings.Repeat("x = 1 # filler\n", 7000)))
	}
	s.write("big.ipynb", `{"cells":[{"cell_type":"code","execution_count":null,"id":"one","metadata":{},"outputs":[],"source":"0"},`+strings.Join(cells, ",")+`],"metadata":{},"nbformat":4,"nbformat_minor":5}`)
	_, h := s.process("--save-quiet", "1h", "--save-max", "1h")
	room := s.hub("open", "--url", h.url, "big.ipynb").want(t, `.*\n`)
	sum := func(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }
	whole := map[string]bool{sum([]byte(s.read("big.ipynb"))): true}
	const saves = 50
	stop, ended := make(chan struct{}), make(chan map[string]int)
	go func() { ended <- s.watchBytes("big.ipynb", 2*time.Millisecond, stop) }()
	for i := range saves {
		h.edit(room, "one", strconv.Itoa(i+1))
		said, _, _ := strings.Cut(s.hub("save", "--url", h.url, room).want(t, hash+`  big\.ipynb\n`), " ")
		whole[said] = true
	}
	close(stop)
	reads := 0
	for got, times := range <-ended {
		reads += times
		if !whole[got] {
			t.Errorf("%d times the file was nothing that was ever saved", times)
		}
	}
	t.Logf("%d reads during %d saves of %d bytes", reads, saves, len(s.read("big.ipynb")))
	if got := filed(t, s.read("big.ipynb"))[0]; got != fmt.Sprint("one:", saves) {
		t.Errorf("the file begins with %q", got)
	}
}

// watchBytes opens a file again and again until stop, reads it whenever it is
// another one or was written to, and counts what it saw by its SHA-256. Reading
// what has not changed would only keep the processor from who writes.
func (s *site) watchBytes(name string, every time.Duration, stop <-chan struct{}) map[string]int {
	seen := make(map[string]int)
	var last os.FileInfo
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-stop:
			return seen
		}
		f, err := os.Open(filepath.Join(s.root, name))
		if err != nil {
			s.t.Error(err)
			return seen
		}
		now, err := f.Stat()
		if err == nil && (last == nil || !os.SameFile(now, last) || now.Size() != last.Size() || !now.ModTime().Equal(last.ModTime())) {
			sum := sha256.New()
			_, err = io.Copy(sum, f)
			seen[hex.EncodeToString(sum.Sum(nil))]++
			last = now
		}
		_ = f.Close()
		if err != nil {
			s.t.Error(err)
		}
	}
}
