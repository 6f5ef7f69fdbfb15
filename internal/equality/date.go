package equality

import (
	"cmp"
	"errors"
	"time"
)

// Date is a day of the calendar. The zero Date is an absent one. In JSON it is
// an RFC 3339 full-date, such as "2017-01-04".
type Date struct {
	year       int16
	month, day uint8
}

// errDate says nothing of the text that was refused, which may be personal.
var errDate = errors.New("equality: not a date of the form YYYY-MM-DD")

// NewDate gives the day of that year and month, counted as [time.Date] counts.
func NewDate(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateOf gives the day that t falls on in its own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{int16(year), uint8(month), uint8(day)}
}

// ParseDate reads an RFC 3339 full-date, which must be a real day.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, errDate
	}
	return DateOf(t), nil
}

// IsZero says whether the date is absent.
func (d Date) IsZero() bool { return d == Date{} }

// Compare gives -1, 0 or 1 as d is before, the same as or after other.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.year, other.year), cmp.Compare(d.month, other.month), cmp.Compare(d.day, other.day))
}

// AddMonths gives the same day n months later. Where that month is too short,
// it is the month's last day: 2016-02-29 and 33 months is 2018-11-29, and
// 2016-05-31 and 33 months is 2019-02-28.
func (d Date) AddMonths(n int) Date {
	first := time.Date(int(d.year), time.Month(d.month)+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return DateOf(first.AddDate(0, 0, min(int(d.day), last)-1))
}

// String gives the date as YYYY-MM-DD, "" where it is absent.
func (d Date) String() string {
	text, _ := d.AppendText(nil)
	return string(text)
}

// AppendText appends the date as YYYY-MM-DD, nothing where it is absent.
func (d Date) AppendText(dst []byte) ([]byte, error) {
	if d.IsZero() {
		return dst, nil
	}
	return d.time().AppendFormat(dst, time.DateOnly), nil
}

// MarshalText gives the date as YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText reads an RFC 3339 full-date.
func (d *Date) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDate(string(b))
	return err
}

// time gives the date's midnight in UTC.
func (d Date) time() time.Time {
	return time.Date(int(d.year), time.Month(d.month), int(d.day), 0, 0, 0, 0, time.UTC)
}
