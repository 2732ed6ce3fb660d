//go:build oracle

package yjs_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// oracle is npm yjs in a node process (oracle/oracle.mjs): documents by number and operations on them.
// One goroutine at a time.
type oracle struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	next uint64
}

// startOracle starts a node process that ends with the test.
func startOracle(t testing.TB) *oracle {
	t.Helper()
	cmd := exec.Command("node", "oracle/oracle.mjs")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start node (these tests need it, and npm ci in oracle/): %v", err)
	}
	o := &oracle{cmd: cmd, in: in, out: bufio.NewReaderSize(out, 1<<20)}
	t.Cleanup(o.stop)
	return o
}

func (o *oracle) stop() {
	o.in.Close()
	o.cmd.Wait()
}

// request builds the body of one call.
type request []byte

func call(op uint64) request { return binary.AppendUvarint(nil, op) }

func (r request) uint(v uint64) request { return binary.AppendUvarint(r, v) }

func (r request) bytes(b []byte) request { return append(r.uint(uint64(len(b))), b...) }

func (r request) list(l [][]byte) request {
	r = r.uint(uint64(len(l)))
	for _, b := range l {
		r = r.bytes(b)
	}
	return r
}

// oracleError is an exception in npm yjs.
type oracleError string

func (e oracleError) Error() string { return "npm yjs threw: " + string(e) }

// do sends r and returns the results. It panics when node is gone: every test would fail.
func (o *oracle) do(r request) (*wireReader, error) {
	frame := binary.LittleEndian.AppendUint32(nil, uint32(len(r)))
	if _, err := o.in.Write(append(frame, r...)); err != nil {
		panic(fmt.Sprintf("write to node: %v", err))
	}
	var head [4]byte
	if _, err := io.ReadFull(o.out, head[:]); err != nil {
		panic(fmt.Sprintf("read from node: %v", err))
	}
	body := make([]byte, binary.LittleEndian.Uint32(head[:]))
	if _, err := io.ReadFull(o.out, body); err != nil {
		panic(fmt.Sprintf("read from node: %v", err))
	}
	a := &wireReader{b: body}
	if a.byte() != 0 {
		return nil, oracleError(a.string())
	}
	return a, nil
}

// must is do for calls that cannot fail on honest documents.
func (o *oracle) must(r request) *wireReader {
	a, err := o.do(r)
	if err != nil {
		panic(err)
	}
	return a
}

// newDoc makes a document and returns its number.
func (o *oracle) newDoc(client uint64, gc bool) uint64 {
	o.next++
	o.must(call(0).uint(o.next).uint(client).uint(bit(gc)))
	return o.next
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (o *oracle) reset() { o.must(call(1)) }

// edit makes the random edit that the numbers describe.
func (o *oracle) edit(doc, flags uint64, numbers []uint64) [][]byte {
	r := call(2).uint(doc).uint(flags).uint(uint64(len(numbers)))
	for _, n := range numbers {
		r = r.uint(n)
	}
	return o.must(r).list()
}

// apply returns what the document broadcasts in turn.
func (o *oracle) apply(doc uint64, update []byte) ([][]byte, error) {
	a, err := o.do(call(3).uint(doc).bytes(update))
	if err != nil {
		return nil, err
	}
	return a.list(), nil
}

func (o *oracle) digest(doc uint64) string { return o.must(call(4).uint(doc)).string() }

func (o *oracle) stateVector(doc uint64) []byte {
	a := o.must(call(5).uint(doc))
	return a.bytes(a.uint())
}

func (o *oracle) encode(doc uint64, sv []byte) []byte {
	a := o.must(call(6).uint(doc).bytes(sv))
	return a.bytes(a.uint())
}

func (o *oracle) merge(updates [][]byte) []byte {
	a := o.must(call(7).list(updates))
	return a.bytes(a.uint())
}

func (o *oracle) diff(update, sv []byte) []byte {
	a := o.must(call(8).bytes(update).bytes(sv))
	return a.bytes(a.uint())
}

func (o *oracle) stateVectorOf(update []byte) []byte {
	a := o.must(call(9).bytes(update))
	return a.bytes(a.uint())
}

// load returns the digest of a fresh document that got the updates.
func (o *oracle) load(gc bool, updates ...[]byte) (string, error) {
	a, err := o.do(call(10).uint(bit(gc)).list(updates))
	if err != nil {
		return "", err
	}
	return a.string(), nil
}

// applyDigest applies an update to a document that only watches, and returns its digest and, when it is observed,
// its events.
func (o *oracle) applyDigest(doc uint64, update []byte) (digest, events string, err error) {
	a, err := o.do(call(11).uint(doc).bytes(update))
	if err != nil {
		return "", "", err
	}
	return a.string(), a.string(), nil
}

func (o *oracle) observe(doc uint64) { o.must(call(16).uint(doc)) }

// read returns the digest of the given roots of a fresh document.
func (o *oracle) read(roots string, update []byte) (string, error) {
	a, err := o.do(call(12).bytes([]byte(roots)).bytes(update))
	if err != nil {
		return "", err
	}
	return a.string(), nil
}

// probe reports what npm yjs has against an update.
func (o *oracle) probe(update []byte) error {
	_, err := o.do(call(13).bytes(update))
	return err
}

func (o *oracle) insertText(doc uint64, at int, s string) [][]byte {
	return o.must(call(14).uint(doc).uint(uint64(at)).bytes([]byte(s))).list()
}

func (o *oracle) deleteText(doc uint64, at, n int) [][]byte {
	return o.must(call(15).uint(doc).uint(uint64(at)).uint(uint64(n))).list()
}

func (r *wireReader) list() [][]byte {
	out := make([][]byte, 0, 1)
	for n := r.uint(); n > 0; n-- {
		out = append(out, r.bytes(r.uint()))
	}
	return out
}

// part returns one line of a digest: "json", "sv", "ds" or "pending".
func part(digest, name string) string {
	for line := range strings.SplitSeq(digest, "\n") {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return rest
		}
	}
	panic("no " + name + " in digest")
}
