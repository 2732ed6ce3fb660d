package kerneltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Commands are what the fake executes, one a line. Texts reach to the line's end;
// \n, \r and \b in them are what they are in Go.
//
//	print TEXT, eprint TEXT   a line on stdout, on stderr
//	result TEXT               an execute_result
//	display TEXT              a display_data
//	show ID TEXT, update ID TEXT
//	clear, clear wait
//	raise NAME TEXT           an error, which ends the execution
//	raise-quietly NAME TEXT   an error in the reply alone
//	set NAME TEXT, get NAME   variables; get prints, or raises NameError
//	env NAME, cwd, pid        prints it
//	sleep DURATION            can be interrupted
//	stubborn DURATION         cannot
//	ask PROMPT, password PROMPT   prints "hi " and the answer
//	lines N                   N messages of one numbered line each
//	displays N SIZE           N displays of SIZE bytes each
//	page TEXT, next TEXT      payloads of the reply
//	comm                      messages about a widget
//	garbage                   messages that are none, and of wrong types
//	forge                     a message with a wrong signature
//	frame                     a frame of 2^62 bytes on iopub
//	no-idle, no-reply, abort  how the execution ends
//	late                      the reply overtakes what follows by 200 ms
//	leave TEXT, linger TEXT   a line on stdout, after it is idle, when the next one begins
//	spawn                     a child in a session of its own; prints its pid
//	exit STATUS, kill, stop   the process ends, by itself or a signal, or stops
//	quit                      replies and exits
//	ask-exit                  asks to be ended
const Commands = "see above"

// execution is one execute_request under way.
type execution struct {
	f       *fake
	r       request
	stdin   bool
	reply   map[string]any
	pages   []map[string]any
	late    bool
	noIdle  bool
	noReply bool
	over    bool
}

func (f *fake) execute(r request) (idle bool) {
	var c struct {
		Code       string `json:"code"`
		AllowStdin bool   `json:"allow_stdin"`
		Silent     bool   `json:"silent"`
	}
	_ = json.Unmarshal(r.m.Content, &c)
	f.count++
	f.mu.Lock()
	f.history = append(f.history, c.Code)
	f.mu.Unlock()
	select { // an interrupt of what ran before is not ours
	case <-f.interrupt:
	default:
	}
	x := &execution{f: f, r: r, stdin: c.AllowStdin, reply: map[string]any{"status": "ok", "execution_count": f.count}}
	x.say("execute_input", map[string]any{"code": c.Code, "execution_count": f.count})
	sayAll(&f.lingering)
	for line := range strings.Lines(c.Code) {
		word, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		x.command(word, strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\b`, "\b").Replace(rest))
		if x.over {
			break
		}
	}
	x.end()
	return !x.noIdle
}

// sayAll says what earlier executions left to be said.
func sayAll(left *[]func()) {
	for _, say := range *left {
		say()
	}
	*left = nil
}

func (x *execution) end() {
	if x.pages != nil {
		x.reply["payload"] = x.pages
	}
	if !x.noReply && !x.late {
		x.f.reply(x.r.from, x.r.m, x.reply)
	}
}

func (x *execution) say(kind string, content any) { x.f.say(x.r.m, kind, content) }

func (x *execution) print(name, text string) {
	x.say("stream", map[string]any{"name": name, "text": text})
}

func data(text string) map[string]any { return map[string]any{"text/plain": text} }

func (x *execution) command(word, rest string) {
	first, second, _ := strings.Cut(rest, " ")
	switch word {
	case "":
	case "print":
		x.print("stdout", rest+"\n")
	case "eprint":
		x.print("stderr", rest+"\n")
	case "result":
		x.say("execute_result", map[string]any{"data": data(rest), "metadata": struct{}{}, "execution_count": x.f.count})
	case "display":
		x.say("display_data", map[string]any{"data": data(rest), "metadata": struct{}{}})
	case "show", "update":
		kind := map[string]string{"show": "display_data", "update": "update_display_data"}[word]
		x.say(kind, map[string]any{"data": data(second), "metadata": struct{}{}, "transient": map[string]any{"display_id": first}})
	case "clear":
		x.say("clear_output", map[string]any{"wait": rest == "wait"})
	case "raise", "raise-quietly":
		x.raise(first, second, word == "raise")
	case "set":
		x.f.vars[first] = second
	case "get":
		if value, ok := x.f.vars[rest]; ok {
			x.print("stdout", value+"\n")
		} else {
			x.raise("NameError", rest+" is not defined", true)
		}
	case "ask", "password":
		x.ask(rest, word == "password")
	case "leave":
		x.f.left = append(x.f.left, func() { x.print("stdout", rest+"\n") })
	case "linger":
		x.f.lingering = append(x.f.lingering, func() { x.print("stdout", rest+"\n") })
	case "page":
		x.pages = append(x.pages, map[string]any{"source": "page", "data": data(rest), "start": 0})
	case "next":
		x.pages = append(x.pages, map[string]any{"source": "set_next_input", "text": rest, "replace": true})
	case "ask-exit":
		x.pages = append(x.pages, map[string]any{"source": "ask_exit", "keepkernel": false})
	case "abort":
		x.reply = map[string]any{"status": "abort"}
		x.over = true
	case "no-idle":
		x.noIdle = true
	case "no-reply":
		x.noReply = true
	case "late":
		x.late = true
		x.f.reply(x.r.from, x.r.m, x.reply)
		time.Sleep(200 * time.Millisecond)
	default:
		x.deed(word, rest)
	}
}

// deed runs the commands that do something to the process, or to the wire.
func (x *execution) deed(word, rest string) {
	first, second, _ := strings.Cut(rest, " ")
	switch word {
	case "env":
		x.print("stdout", os.Getenv(rest)+"\n")
	case "cwd":
		dir, _ := os.Getwd()
		x.print("stdout", dir+"\n")
	case "pid":
		x.print("stdout", fmt.Sprintln(os.Getpid()))
	case "sleep":
		x.sleep(rest)
	case "stubborn":
		d, _ := time.ParseDuration(rest)
		time.Sleep(d)
	case "lines":
		n, _ := strconv.Atoi(rest)
		for i := range n {
			x.print("stdout", fmt.Sprintf("line %d\n", i))
			if i%100 == 99 {
				x.f.flushed()
			}
		}
	case "displays":
		n, _ := strconv.Atoi(first)
		size, _ := strconv.Atoi(second)
		for range n {
			x.say("display_data", map[string]any{"data": data(strings.Repeat("x", size)), "metadata": struct{}{}})
			x.f.flushed()
		}
	case "comm":
		for _, kind := range []string{"comm_open", "comm_msg", "comm_close", "debug_event", "from_the_future"} {
			frames := x.f.frames(x.r.m, kind, map[string]any{"comm_id": "1", "data": struct{}{}, "target_name": "jupyter.widget"})
			x.f.publish(append(frames, []byte("a buffer"), nil))
		}
	case "garbage":
		x.garbage()
	case "forge":
		frames := x.f.frames(x.r.m, "stream", map[string]any{"name": "stdout", "text": "forged\n"})
		frames[2] = bytes.Repeat([]byte("0"), 64)
		x.f.publish(frames)
	case "frame":
		x.f.raw([]byte{2, 0x40, 0, 0, 0, 0, 0, 0, 0})
	case "spawn":
		x.print("stdout", fmt.Sprintln(spawn()))
	default:
		x.leave(word, rest)
	}
}

// leave runs the commands that end the process.
func (x *execution) leave(word, rest string) {
	x.f.flushed()
	time.Sleep(20 * time.Millisecond) // what was flushed is on the wire
	switch word {
	case "exit":
		fmt.Fprintln(os.Stderr, "these are my last words")
		status, _ := strconv.Atoi(rest)
		os.Exit(status)
	case "quit":
		x.f.reply(x.r.from, x.r.m, x.reply)
		os.Exit(0)
	case "kill", "stop":
		signalSelf(word == "kill")
		time.Sleep(time.Second) // until the signal takes effect
	default:
		x.raise("SyntaxError", "unknown command "+word, true)
	}
}

func (x *execution) sleep(text string) {
	d, _ := time.ParseDuration(text)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.f.interrupt:
		x.raise("KeyboardInterrupt", "", true)
	}
}

func (x *execution) raise(name, value string, shown bool) {
	c := map[string]any{"ename": name, "evalue": value, "traceback": []string{"Traceback", name + ": " + value}}
	if shown {
		x.say("error", c)
	}
	c["status"], c["execution_count"] = "error", x.f.count
	x.reply, x.over = c, true
}

func (x *execution) ask(prompt string, password bool) {
	stdin := x.f.asker(x.r.from)
	if stdin == nil || !x.stdin {
		x.raise("StdinNotImplementedError", "nobody can be asked", true)
		return
	}
	frames, err := x.f.codec.Encode(nil, x.f.header("input_request"), x.r.m.RawHeader, map[string]any{"prompt": prompt, "password": password})
	if err != nil {
		panic(err)
	}
	_ = stdin.Send(frames...)
	select {
	case answer := <-x.f.answers:
		x.print("stdout", "hi "+answer+"\n")
	case <-x.f.interrupt:
		x.raise("KeyboardInterrupt", "", true)
	}
}

// garbage publishes what a reader must survive.
func (x *execution) garbage() {
	signed := func(header, parent, content string) [][]byte {
		return x.f.codec.EncodeRaw([][]byte{[]byte("topic")}, []byte(header), []byte(parent), []byte(content))
	}
	parent := string(x.r.m.RawHeader)
	for _, frames := range [][][]byte{
		{[]byte("nothing")}, {nil}, {[]byte("topic"), []byte("<IDS|MSG>")},
		{[]byte("topic"), []byte("<IDS|MSG>"), []byte("sig"), []byte("{}")},
		signed("not json", parent, "{}"), signed(`{"msg_type":"stream"}`, "[1]", "{}"), signed("{}", parent, "{}"),
		signed(`{"msg_type":"stream"}`, parent, "not json"), signed(`{"msg_type":"stream"}`, parent, `{"text":7}`),
		signed(`{"msg_type":"error"}`, parent, `{"traceback":{}}`), signed(`{"msg_type":"status"}`, parent, `[]`),
		signed(`{"msg_type":"update_display_data"}`, parent, `{}`),
	} {
		x.f.publish(frames)
	}
}
