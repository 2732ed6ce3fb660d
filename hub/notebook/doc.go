// Package notebook reads and writes .ipynb files without losing a byte.
//
// A notebook has two faces. Its content is a [Notebook]: cells, sources,
// metadata and outputs as plain Go values, in the form a shared document holds
// them. Its form is everything else the file says: indentation, key order,
// escapes, number spelling, line ends, keys that no schema knows. [Parse] keeps
// both in a [File]; [File.Render] writes changed content back in the file's own
// form: a value whose document form equals what its bytes decode to is written
// as those bytes, and only what changed is encoded anew. So a file that nobody
// edited renders to the very same bytes, and an edit changes only the lines of
// what was edited.
//
// # Document form
//
// Sources and stream texts that the file holds as lists are joined with "".
// Numbers are float64, lone surrogates U+FFFD. A cell of unknown type is a raw
// cell; missing metadata is an empty map. Not part of the content, yet kept in
// the file's bytes: a cell's metadata.trusted, an output's transient, the
// notebook's metadata.orig_nbformat, and every key that the schema has no field
// for. In the mime bundles of outputs and attachments a text and the list of
// its lines are the same content, as the format defines it.
//
// # Ids
//
// Every cell of a [Notebook] has an id that is unique in it. Files below
// nbformat 4.5 have none, other files may lack some, repeat some or hold
// malformed ones; such cells are given ids which [File.IDs] reports and
// [ParseOptions] takes back, and which are never written over what the file
// says.
//
// # Old and new formats
//
// Every minor version of nbformat 4 is read and written as it is. Formats 1 to
// 3 are read by upgrading their content to 4.5; such a file is written only
// when its content was edited, or by [File.Standalone].
//
// # Concurrency
//
// A File is immutable and safe for concurrent use. The byte slices, maps and
// slices it hands out are shared and must not be changed.
package notebook
