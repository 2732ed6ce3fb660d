package kernel

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// withoutSecrets leaves out what kernels must not know. Their code is the users',
// and shows its environment to anybody who asks.
func withoutSecrets(environ, secrets []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return strings.HasPrefix(name, "HUB_") || slices.Contains(secrets, name) || name == markName ||
			name == "JPY_PARENT_PID" || name == "JPY_API_TOKEN" || name == "JUPYTER_TOKEN"
	})
}

// environment is a kernel's environment: the hub's, the spec's, the request's, and
// what kernels expect of those who start them.
func (l *Launcher) environment(k *Kernel, mark string) []string {
	values := make(map[string]string)
	for _, e := range l.environ {
		if name, value, ok := strings.Cut(e, "="); ok {
			values[name] = value
		}
	}
	for name, value := range k.spec.Env {
		values[name] = os.Expand(value, func(n string) string { return values[n] })
	}
	for name, value := range k.req.Env {
		values[name] = value
	}
	values[markName] = mark
	if len(l.options.Shim) == 0 {
		values["JPY_PARENT_PID"] = fmt.Sprint(os.Getpid())
	}
	if k.req.Dir != "" {
		values["PWD"] = k.req.Dir
	}
	environ := make([]string, 0, len(values))
	for name, value := range values {
		environ = append(environ, name+"="+value)
	}
	slices.Sort(environ)
	return environ
}
