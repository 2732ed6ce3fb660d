package notebook

// Cell types of nbformat 4.
const (
	Code     = "code"
	Markdown = "markdown"
	Raw      = "raw"
)

// Notebook is the content of a notebook in document form. The values in its
// maps are nil, bool, float64, string, []any and map[string]any.
type Notebook struct {
	Major    int // always 4
	Minor    int // nbformat_minor; cells have ids in the file from 5 on
	Metadata map[string]any
	Cells    []Cell
}

// Cell is one cell in document form.
type Cell struct {
	ID       string // unique in its notebook, never empty after Parse
	Type     string // Code, Markdown or Raw
	Source   string
	Metadata map[string]any
	// Outputs and ExecutionCount belong to code cells; a nil count is null.
	Outputs        []Output
	ExecutionCount *int64
	// Attachments belong to markdown and raw cells: mime bundles by name, nil
	// or empty for none.
	Attachments map[string]any
}

// Output is one output of a code cell under nbformat's keys. The text of a
// stream is a string; everything else is as in the file.
type Output map[string]any

// Kind is the output_type: stream, display_data, execute_result or error, or
// "" when the output names none.
func (o Output) Kind() string {
	kind, _ := o["output_type"].(string)
	return kind
}
