package kernel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// Interrupt modes and transports, as kernelspecs and [Options] spell them.
const (
	InterruptSignal  = "signal"
	InterruptMessage = "message"
	TransportIPC     = "ipc"
	TransportTCP     = "tcp"
)

const maxSpec = 1 << 20

// Spec is one kernelspec: how to start a kind of kernel.
type Spec struct {
	Name          string // lower-cased folder name
	DisplayName   string
	Language      string
	Dir           string            // the spec's folder; "" for one that was made up
	Argv          []string          // as in the file, with {connection_file} and {resource_dir}
	Env           map[string]string // may hold ${VARIABLE}
	InterruptMode string            // signal or message
	Metadata      map[string]any
	Problem       string // why it cannot be started; "" when it can

	program string // what Argv[0] stands for; "" with a Problem
}

// specFile is kernel.json.
type specFile struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
	Metadata      map[string]any    `json:"metadata"`
}

var validName = regexp.MustCompile(`^[a-z0-9._-]+$`)

// readSpec reads the kernelspec in a folder. A spec that cannot be used comes
// with its problem. ok is false when the folder holds none.
func readSpec(dir string, lookup func(string) (string, error)) (spec Spec, ok bool) {
	spec = Spec{Name: strings.ToLower(filepath.Base(dir)), Dir: dir, InterruptMode: InterruptSignal}
	data, err := readSmall(filepath.Join(dir, "kernel.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return spec, false
	}
	var file specFile
	if err == nil {
		err = json.Unmarshal(data, &file)
	}
	if err != nil {
		spec.Problem = fmt.Sprintf("its kernel.json cannot be read: %v", err)
		return spec, true
	}
	spec.DisplayName, spec.Language, spec.Argv = file.DisplayName, file.Language, file.Argv
	spec.Env, spec.Metadata = file.Env, file.Metadata
	if spec.DisplayName == "" {
		spec.DisplayName = spec.Name
	}
	if file.InterruptMode == InterruptMessage {
		spec.InterruptMode = InterruptMessage
	}
	spec.check(lookup)
	return spec, true
}

func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxSpec:
		return nil, fmt.Errorf("%s is no small file", filepath.Base(path))
	}
	return os.ReadFile(path)
}

// check finds the program, or the problem.
func (s *Spec) check(lookup func(string) (string, error)) {
	switch {
	case !validName.MatchString(s.Name):
		s.Problem = "its folder's name has characters other than letters, digits, '.', '-' and '_'"
		return
	case len(s.Argv) == 0 || s.Argv[0] == "":
		s.Problem = "its kernel.json has no argv"
		return
	case s.provisioner() != "" && s.provisioner() != "local-provisioner":
		s.Problem = fmt.Sprintf("it is not started as a local process but by the provisioner %q", s.provisioner())
		return
	}
	program, err := s.resolve(lookup)
	if err != nil {
		s.Problem = fmt.Sprintf("its program %q is not found", s.Argv[0])
		return
	}
	s.program = program
	if s.isDeno() {
		// The spec that Deno installs leaves it out, and a signal ends Deno.
		s.InterruptMode = InterruptMessage
	}
}

func (s *Spec) isDeno() bool {
	return strings.TrimSuffix(filepath.Base(s.program), ".exe") == "deno"
}

func (s *Spec) provisioner() string {
	p, _ := s.Metadata["kernel_provisioner"].(map[string]any)
	name, _ := p["provisioner_name"].(string)
	return name
}

// resolve finds the program that Argv[0] names. A bare name is one of the
// environment that the spec was installed into, before it is one of PATH's: pip
// writes "python3" into specs of virtual environments.
func (s *Spec) resolve(lookup func(string) (string, error)) (string, error) {
	name := s.expand(s.Argv[0], "")
	if !strings.ContainsRune(name, filepath.Separator) {
		// <prefix>/share/jupyter/kernels/<name>
		prefix := filepath.Join(s.Dir, "..", "..", "..", "..")
		for _, bin := range []string{"bin", "Scripts", "."} {
			if s.Dir == "" || bin != "bin" && runtime.GOOS != "windows" {
				break
			}
			if found, err := exec.LookPath(filepath.Join(prefix, bin, name)); err == nil {
				return filepath.Abs(found)
			}
		}
		return lookup(name)
	}
	found, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(found)
}

func (s *Spec) expand(arg, connectionFile string) string {
	return strings.NewReplacer("{connection_file}", connectionFile, "{resource_dir}", s.Dir).Replace(arg)
}

// command is the kernel's argv for a connection file.
func (s *Spec) command(connectionFile string) []string {
	argv := []string{s.program}
	for _, arg := range s.Argv[1:] {
		argv = append(argv, s.expand(arg, connectionFile))
	}
	return argv
}
