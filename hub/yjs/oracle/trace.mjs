// A writing session of one author as single-character edits: as many inserts
// and deletes as the automerge-paper trace has (182,315 and 77,463, which leave
// 104,852 characters), with its habits: bursts of typing, backspacing over
// mistakes, mostly going on where one was, sometimes jumping to an earlier
// place. The same generator in Go is conformance_trace_test.go; both draw from
// xorshift32 (Marsaglia 2003), so that they make the same edits.
export const INSERTS = 182315
export const DELETES = 77463

const letters = 'etaoin shrdlu cmfwyp vbgkqjxz ETAOIN\\{}$.,\n'

// trace calls insert(position, character) and remove(position) for each edit.
export const trace = (insert, remove, inserts = INSERTS, deletes = DELETES) => {
  let state = 2463534242
  const next = n => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % n
  }
  let length = 0
  let cursor = 0
  while (inserts + deletes > 0) {
    const jump = next(100)
    if (jump < 6) cursor = next(length + 1)
    else if (jump < 14) cursor = Math.max(0, Math.min(length, cursor + next(400) - 200))
    else if (jump < 18) cursor = length
    let burst = 1 + next(next(4) === 0 ? 60 : 12)
    if (next(inserts + deletes) < inserts) {
      for (burst = Math.min(burst, inserts); burst > 0; burst--) {
        insert(cursor++, letters[next(letters.length)])
        inserts--
        length++
      }
    } else if (length > 0) {
      for (burst = Math.min(burst, deletes, length); burst > 0; burst--) {
        if (cursor === 0) cursor = length
        remove(--cursor)
        deletes--
        length--
      }
    }
  }
}
