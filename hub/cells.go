package hub

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
)

// editError codes what package nbdoc refuses.
func editError(err error) error {
	var coded *Error
	switch {
	case errors.As(err, &coded):
		return err
	case errors.Is(err, nbdoc.ErrNoCell):
		return fail(CodeCellNotFound, err, "there is no such cell")
	case errors.Is(err, nbdoc.ErrRange), errors.Is(err, nbdoc.ErrValue), errors.Is(err, nbdoc.ErrNotCode):
		return fail(CodeInvalid, nil, "%v", err)
	}
	return err
}

// Cells lists the cells of a room.
func (h *Hub) Cells(ctx context.Context, id uuid.UUID) (CellList, error) {
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return CellList{}, err
	}
	defer l.release()
	v, err := l.view(ctx)
	if err != nil {
		return CellList{}, err
	}
	doc, err := v.document()
	list := CellList{Cells: make([]CellState, len(v.content.Cells)), ETag: doc.ETag}
	for i, c := range v.content.Cells {
		list.Cells[i] = CellState{Cell: c, Index: i, ETag: cellETag(c)}
	}
	return list, err
}

// Cell returns one cell.
func (h *Hub) Cell(ctx context.Context, id uuid.UUID, cell string) (found CellState, err error) {
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return found, err
	}
	defer l.release()
	var failed error
	err = l.do(ctx, func(s *state) { found, failed = s.cell(cell) })
	return found, firstError(err, failed)
}

func (s *state) cell(id string) (CellState, error) {
	c, ok := s.doc.Cell(id)
	if !ok {
		return CellState{}, fail(CodeCellNotFound, nil, "there is no cell %q", id)
	}
	return CellState{Cell: c, Index: s.doc.Index(id), ETag: cellETag(c)}, nil
}

// editCell makes an edit of one cell and returns the cell as it is afterwards.
func (h *Hub) editCell(ctx context.Context, id uuid.UUID, by Client, edit func(s *state) (nbdoc.Event, string, error)) (CellState, error) {
	if err := mayWrite(by); err != nil {
		return CellState{}, err
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return CellState{}, err
	}
	defer l.release()
	var after CellState
	err = l.edit(ctx, func(s *state) (nbdoc.Event, error) {
		ev, cell, err := edit(s)
		if err == nil && cell != "" {
			after, err = s.cell(cell)
		}
		return ev, err
	})
	return after, err
}

// InsertCell adds a cell; an empty ID is minted. It returns once the edit is on
// disk, as all edits do.
func (h *Hub) InsertCell(ctx context.Context, id uuid.UUID, cell notebook.Cell, at Place, by Client) (CellState, error) {
	if !cellType(cell.Type) {
		return CellState{}, badType(cell.Type)
	}
	if cell.ID == "" {
		cell.ID = newCellID()
	} else if !notebook.ValidID(cell.ID) {
		return CellState{}, fail(CodeInvalid, nil, "a cell id has 1 to 64 letters, digits, - and _")
	}
	return h.editCell(ctx, id, by, func(s *state) (nbdoc.Event, string, error) {
		if s.doc.Index(cell.ID) >= 0 {
			return nbdoc.Event{}, "", fail(CodeInvalid, nil, "the room has a cell %q already", cell.ID)
		}
		i, err := s.place(at, s.doc.Len(), -1)
		if err != nil {
			return nbdoc.Event{}, "", err
		}
		ev, err := s.doc.InsertCell(i, cell)
		return ev, cell.ID, err
	})
}

// place turns a Place into an index between 0 and n, of a list from which the
// cell at without was taken.
func (s *state) place(at Place, n, without int) (int, error) {
	beside, after := at.Before, 0
	if at.After != "" {
		beside, after = at.After, 1
	}
	switch {
	case at.Index != nil && beside != "", at.Before != "" && at.After != "":
		return 0, fail(CodeInvalid, nil, "give one of index, before and after")
	case at.Index != nil && (*at.Index < 0 || *at.Index > n):
		return 0, fail(CodeInvalid, nil, "index is %d; it goes from 0 to %d", *at.Index, n)
	case at.Index != nil:
		return *at.Index, nil
	case beside == "":
		return n, nil
	}
	i := s.doc.Index(beside)
	if i < 0 || i == without {
		return 0, fail(CodeCellNotFound, nil, "there is no other cell %q", beside)
	}
	if without >= 0 && i > without {
		i--
	}
	return i + after, nil
}

// PatchCell changes a cell: its source by a minimal difference, so that the
// cursors of others stay.
func (h *Hub) PatchCell(ctx context.Context, id uuid.UUID, cell string, patch CellPatch, by Client) (CellState, error) {
	if patch.Type != nil && !cellType(*patch.Type) {
		return CellState{}, badType(*patch.Type)
	}
	return h.editCell(ctx, id, by, func(s *state) (nbdoc.Event, string, error) {
		if err := s.mustMatchCell(cell, patch.IfMatch); err != nil {
			return nbdoc.Event{}, "", err
		}
		ev, err := s.doc.Update(nil, func(e *nbdoc.Edit) error { return patch.apply(e, cell) })
		return ev, cell, err
	})
}

func (p CellPatch) apply(e *nbdoc.Edit, cell string) error {
	var errs []error
	if p.Type != nil {
		errs = append(errs, e.SetCellType(cell, *p.Type))
	}
	if p.Source != nil {
		errs = append(errs, e.SetSource(cell, *p.Source))
	}
	if p.Metadata != nil {
		errs = append(errs, e.SetCellMetadata(cell, *p.Metadata))
	}
	if p.Attachments != nil {
		errs = append(errs, e.SetAttachments(cell, *p.Attachments))
	}
	return firstError(errs...)
}

func (s *state) mustMatchCell(cell, ifMatch string) error {
	now, err := s.cell(cell)
	if err == nil && ifMatch != "" && !matches(ifMatch, now.ETag) {
		err = stale("cell " + cell)
	}
	return err
}

// DeleteCell removes a cell.
func (h *Hub) DeleteCell(ctx context.Context, id uuid.UUID, cell, ifMatch string, by Client) error {
	_, err := h.editCell(ctx, id, by, func(s *state) (nbdoc.Event, string, error) {
		if err := s.mustMatchCell(cell, ifMatch); err != nil {
			return nbdoc.Event{}, "", err
		}
		ev, err := s.doc.DeleteCell(cell)
		return ev, "", err
	})
	return err
}

// MoveCell moves a cell.
func (h *Hub) MoveCell(ctx context.Context, id uuid.UUID, cell string, to Place, by Client) (CellState, error) {
	return h.editCell(ctx, id, by, func(s *state) (nbdoc.Event, string, error) {
		from := s.doc.Index(cell)
		if from < 0 {
			return nbdoc.Event{}, "", fail(CodeCellNotFound, nil, "there is no cell %q", cell)
		}
		i, err := s.place(to, s.doc.Len()-1, from)
		if err != nil || i == from {
			return nbdoc.Event{}, cell, err
		}
		ev, err := s.doc.MoveCell(cell, i)
		return ev, cell, err
	})
}

func cellType(t string) bool { return t == "code" || t == "markdown" || t == "raw" }

func badType(t string) error {
	return fail(CodeInvalid, nil, "cell_type is %q; it is one of code, markdown, raw", t)
}
