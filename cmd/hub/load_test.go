//go:build linux && load

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A load is measured, not judged: go test -tags load -run TestLoad -v ./cmd/hub
//
// One person writes at a steady pace, the others watch for each mark. The time
// is from the edit in the writer's document to the mark in a watcher's; all
// people share the tests' process, the hub has one of its own.
func TestLoad_FanOut(t *testing.T) {
	for _, people := range []int{2, 10, 50} {
		t.Run(fmt.Sprint(people), func(t *testing.T) {
			l := newLoad(t, people)
			l.measure(20*time.Millisecond*5/2, 200) // 20 edits a second
			l.report("20 edits/s")
		})
	}
}

// Edits as fast as one person's program makes them, nine watchers.
func TestLoad_Throughput(t *testing.T) {
	l := newLoad(t, 10)
	l.measure(0, 20_000)
	l.report("as fast as it goes")
}

// load is a room with one writer and many watchers.
type load struct {
	t        *testing.T
	pid      int
	writer   *desk
	watchers []*desk

	took  []time.Duration
	edits int
	spent time.Duration // processor time of the hub
	began time.Time
	ended time.Time
}

func newLoad(t *testing.T, people int) *load {
	s := newSite(t)
	cmd, h := s.process("--log-level", "error")
	room := s.hub("open", "--url", h.url, "a.ipynb").want(t, `.*\n`)
	l := &load{t: t, pid: cmd.Process.Pid, writer: newDesk(t, rand.IntN)}
	l.writer.attach(h, room)
	for range people - 1 {
		d := newDesk(t, rand.IntN)
		d.attach(h, room)
		l.watchers = append(l.watchers, d)
	}
	return l
}

// measure writes so many edits, one each interval.
func (l *load) measure(every time.Duration, edits int) {
	var mu sync.Mutex
	sent := make(map[int]time.Time)
	l.edits = edits
	seen := make([]int, len(l.watchers))
	before := l.writer.length("one")
	var done sync.WaitGroup
	for i, d := range l.watchers {
		done.Add(1)
		d.mu.Lock()
		d.arrived = func() { // under the desk's lock, after each message
			now := time.Now()
			have := d.length("one") - before
			mu.Lock()
			defer mu.Unlock()
			for ; seen[i] < have; seen[i]++ {
				l.took = append(l.took, now.Sub(sent[seen[i]]))
				if seen[i] == edits-1 {
					done.Done()
				}
			}
		}
		d.mu.Unlock()
	}
	used := runtimeOf(l.t, l.pid)
	l.began = time.Now()
	var tick <-chan time.Time
	if every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		tick = ticker.C
	}
	for i := range edits {
		if tick != nil {
			<-tick
		}
		mu.Lock()
		sent[i] = time.Now()
		mu.Unlock()
		l.writer.appends("one", "x")
	}
	done.Wait()
	l.ended = time.Now()
	l.spent = runtimeOf(l.t, l.pid) - used
}

func (l *load) report(what string) {
	slices.Sort(l.took)
	at := func(p float64) time.Duration {
		return l.took[int(p*float64(len(l.took)-1))].Round(10 * time.Microsecond)
	}
	deliveries := l.edits * len(l.watchers)
	elapsed := l.ended.Sub(l.began)
	l.t.Logf("%d people, %s: latency p50 %v p95 %v p99 %v; hub %.1f us/delivered edit; %.0f edits/s, %.0f deliveries/s; load %s",
		len(l.watchers)+1, what, at(0.5), at(0.95), at(0.99), float64(l.spent.Microseconds())/float64(deliveries),
		float64(l.edits)/elapsed.Seconds(), float64(deliveries)/elapsed.Seconds(), loadAverage())
}

// runtimeOf is the scheduler's run time of a process, summed over its threads.
func runtimeOf(t *testing.T, pid int) time.Duration {
	t.Helper()
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		t.Fatal(err)
	}
	var sum time.Duration
	for _, stat := range stats {
		data, err := os.ReadFile(stat)
		if err != nil {
			continue // a thread that ended
		}
		ns, err := strconv.ParseInt(strings.Fields(string(data))[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}

func loadAverage() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(data))[0]
}
