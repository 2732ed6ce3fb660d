package kernel_test

import (
	"testing"

	"github.com/notebookhub/hub/hub/kernel"
	"github.com/notebookhub/hub/hub/kernel/kerneltest"
)

func TestFakeKernelsConform(t *testing.T) {
	for _, test := range []struct {
		name string
		o    kernel.Options
		fake kerneltest.Fake
	}{
		{"files and signals", kernel.Options{Shim: kerneltest.Shim()}, kerneltest.Fake{Language: "python"}},
		{"ports and messages", kernel.Options{Shim: kerneltest.Shim()}, kerneltest.Fake{InterruptMode: kernel.InterruptMessage}},
		{"without a shim", kernel.Options{}, kerneltest.Fake{Language: "R"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := fakes(t, test.o, test.fake)
			kerneltest.Run(t, func(t *testing.T, dir string) *kernel.Kernel { return start(t, l, "fake", dir) }, kerneltest.FakePhrases())
		})
	}
}
