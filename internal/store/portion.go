package store

// PortionBytes is about how much of sealed documents is read at once. Records stored by earlier
// versions of the program may be far longer than those of today, so a number of rows is no
// bound.
const PortionBytes = 1 << 20

// firstPortion is the number of rows to ask for first: as many as most pages have. mostRows is
// the largest number to ask for.
const (
	firstPortion = 128
	mostRows     = 1000
)

// sized is a row whose length is not bounded by its table.
type sized interface{ Size() int }

// Size is the length of the sealed document in bytes.
func (r Row) Size() int { return len(r.Sealed) }

// Size is the length of the sealed document in bytes.
func (r DocumentRow) Size() int { return len(r.Sealed) }

// Portion returns a function that an engine calls with each row it has read, and that reports
// whether these rows are enough for a portion.
func Portion[R sized]() (full func(R) bool) {
	bytes := 0
	return func(row R) bool {
		bytes += row.Size()
		return bytes >= PortionBytes
	}
}

// inPortions reads up to limit rows, so few at a time that their length does not matter, until
// yield returns false. read gets at most that many of the rows that follow those already
// yielded.
func inPortions[R sized](limit int, read func(most int) ([]R, error), yield func(R) (more bool, err error)) error {
	for most := firstPortion; limit > 0; {
		most = min(most, limit)
		rows, err := read(most)
		if err != nil {
			return err
		}
		full, cut := Portion[R](), false
		for _, row := range rows {
			cut = full(row)
			if more, err := yield(row); err != nil || !more {
				return err
			}
		}
		limit -= len(rows)
		switch {
		case cut:
			most = len(rows) // PostgreSQL sends all that it was asked for
		case len(rows) < most:
			return nil
		default:
			most = mostRows
		}
	}
	return nil
}
