package store

import (
	"os"
	"path/filepath"
	"time"
)

const (
	// maxBatch bounds the bytes of one journal write; one update may exceed it.
	maxBatch = 8 << 20
	// keepBuffer is how large a write buffer may stay with an idle log.
	keepBuffer = 16 << 10
)

// journal is the file that records are written to. The zero journal has none
// open.
type journal struct {
	file File
	gen  uint64
	off  int64  // everything before is on the disk
	buf  []byte // reused between writes
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return wrap("close journal", err)
}

// flush writes what is queued until nothing is, then ends. There is one flusher
// at most; Append starts it.
func (l *Log) flush() {
	pause := l.store.opts.RetryMin
	for {
		batch, last := l.take()
		closing := l.isClosing()
		err := l.write(batch)
		if l.durable != nil {
			l.durable(last, err)
		}
		if l.settle(len(batch), last, err) {
			return
		}
		if err == nil {
			pause = l.store.opts.RetryMin
			continue
		}
		if closing {
			l.end()
			return
		}
		l.rest(pause)
		pause = min(2*pause, l.store.opts.RetryMax)
	}
}

// take is the next batch, never empty, and the number of its last update.
func (l *Log) take() (batch [][]byte, last uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	size, n := 0, 0
	for n < len(l.queue) && (n == 0 || size+len(l.queue[n]) <= maxBatch) {
		size += len(l.queue[n]) + recordHeader
		n++
	}
	return l.queue[:n:n], l.synced + uint64(n)
}

// settle records the outcome and wakes who waits for it. When nothing is left the
// flusher has ended in the same breath, so that whoever saw its update on the disk
// finds an idle log.
func (l *Log) settle(n int, last uint64, err error) (idle bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		clear(l.queue[:n])
		l.queue = l.queue[n:]
		l.synced = last
	}
	if len(l.queue) == 0 {
		l.queue, l.flushing = nil, false
	}
	l.failure = err
	l.attempts++
	close(l.finished)
	l.finished = make(chan struct{})
	return !l.flushing
}

// end lets the flusher go although updates are queued.
func (l *Log) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flushing = false
	close(l.finished)
	l.finished = make(chan struct{})
}

func (l *Log) isClosing() bool {
	select {
	case <-l.closing:
		return true
	default:
		return false
	}
}

// rest waits before the next attempt, unless somebody asks for it now.
func (l *Log) rest(pause time.Duration) {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.kick:
	case <-l.closing:
	}
}

// write makes a batch durable: one write, one sync. After a failure the file is
// cut back to what is known to be on the disk, so that the next attempt writes
// the very same bytes anew: what a failed sync leaves in memory is not to be
// trusted.
func (l *Log) write(batch [][]byte) error {
	j := &l.journal
	if err := l.prepare(); err != nil {
		return err
	}
	buf, created := j.buf[:0], j.off == 0
	if created {
		buf = appendJournalHeader(buf, l.id, j.gen)
	}
	for _, update := range batch {
		buf = appendRecord(buf, j.gen, j.off+int64(len(buf)), update)
	}
	l.markWriting(len(batch))
	if err := l.commit(buf, created); err != nil {
		j.file.Truncate(j.off) // best effort: the retry overwrites the same bytes
		return err
	}
	j.off += int64(len(buf))
	if j.buf = buf; cap(buf) > keepBuffer {
		j.buf = nil
	}
	l.markWritten(j.off)
	return nil
}

// commit writes and syncs, with the folder when the file is new in it.
func (l *Log) commit(buf []byte, created bool) error {
	j := &l.journal
	if _, err := j.file.WriteAt(buf, j.off); err != nil {
		return wrap("write journal", err)
	}
	if err := j.file.Sync(); err != nil {
		return wrap("sync journal", err)
	}
	if created {
		return wrap("sync folder", l.store.disk.SyncDir(l.dir))
	}
	return nil
}

// prepare has the right file open, cut to its good part.
func (l *Log) prepare() error {
	gen, off, fresh := l.target()
	j := &l.journal
	if j.file != nil && j.gen == gen {
		return nil
	}
	if err := j.close(); err != nil {
		l.store.logger.Warn("journal did not close", "room", l.id, "error", err)
	}
	if fresh {
		if err := makeDir(l.store.disk, l.dir); err != nil {
			return err
		}
	}
	f, err := l.store.disk.OpenFile(filepath.Join(l.dir, journalName(gen)), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return wrap("open journal", err)
	}
	if err := f.Truncate(off); err != nil {
		f.Close()
		return wrap("cut journal", err)
	}
	j.file, j.gen, j.off = f, gen, off
	return nil
}

// target is the file to append to; a new one when rotation was asked for, or
// there is none.
func (l *Log) target() (gen uint64, off int64, fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.segments); n == 0 || l.rotate {
		gen := l.snapshot.gen + 1
		if n > 0 {
			gen = max(gen, l.segments[n-1].gen+1)
		}
		l.segments = append(l.segments, segment{gen: gen})
	}
	l.rotate = false
	active := l.segments[len(l.segments)-1]
	return active.gen, active.size, active.size == 0
}

// markWriting says, before the first byte is written, which updates the active
// file may hold from now on.
func (l *Log) markWriting(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	active := &l.segments[len(l.segments)-1]
	if active.first == 0 {
		active.first = l.synced + 1
	}
	active.last = l.synced + uint64(n)
}

// markWritten says how large the active file is.
func (l *Log) markWritten(size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments[len(l.segments)-1].size = size
}
