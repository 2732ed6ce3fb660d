package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// pythonThat makes a python3 that can import these modules, and a finder whose
// PATH has it alone.
func pythonThat(t *testing.T, exit string) (*finder, string) {
	t.Helper()
	dir := t.TempDir()
	python := filepath.Join(dir, "python3")
	program := "#!/bin/sh\ncase \"$2\" in *prefix*) echo " + dir + "; exit 0 ;; esac\nexit " + exit + "\n"
	if err := os.WriteFile(python, []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	f := newFinder([]string{"PATH=" + dir}, nil)
	f.whole = nil
	return f, python
}

func TestAPythonThatHasIpykernelMakesUpForAMissingSpec(t *testing.T) {
	f, python := pythonThat(t, "0")
	specs := f.specs(t.Context())
	want := []string{python, "-m", "ipykernel_launcher", "-f", "file"}
	if len(specs) != 1 || specs[0].Name != "python3" || specs[0].Problem != "" || !slices.Equal(specs[0].command("file"), want) {
		t.Errorf("%+v", specs)
	}
}

func TestAPythonThatHasIpykernelIsNotAskedAgainAtOnce(t *testing.T) {
	f, python := pythonThat(t, "0")
	f.specs(t.Context())
	if err := os.WriteFile(python, []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if specs := f.specs(t.Context()); len(specs) != 1 {
		t.Errorf("%+v", specs)
	}
}

func TestAPythonWithoutIpykernelDoesNotMakeUpForIt(t *testing.T) {
	f, python := pythonThat(t, "1")
	for _, s := range f.specs(t.Context()) {
		if s.program == python {
			t.Errorf("%+v", s)
		}
	}
}
