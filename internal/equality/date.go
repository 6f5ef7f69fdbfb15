package equality

import (
	"cmp"
	"errors"
	"time"
)

// Date is a calendar day. The zero Date is an absent one. In JSON it is an RFC
// 3339 full-date, such as "2017-01-04".
type Date struct {
	year       int16
	month, day uint8
}

// errDate does not repeat the refused text, which may be personal.
var errDate = errors.New("not a date of the form YYYY-MM-DD")

// NewDate returns a day. Values out of range are normalised as in [time.Date].
func NewDate(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateOf returns the day of t in its own location.
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

// Year returns the year, 0 if the date is absent.
func (d Date) Year() int { return int(d.year) }

// Compare returns -1, 0 or 1 if d is before, the same as or after other.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.year, other.year), cmp.Compare(d.month, other.month), cmp.Compare(d.day, other.day))
}

// AddMonths returns the same day n months later, or the last day of that month
// if it is too short: 2016-02-29 plus 33 months is 2018-11-29, and 2016-05-31
// plus 33 months is 2019-02-28.
func (d Date) AddMonths(n int) Date {
	first := time.Date(int(d.year), time.Month(d.month)+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return DateOf(first.AddDate(0, 0, min(int(d.day), last)-1))
}

// YearsUntil returns the whole years from the date to a later day. A year from 29
// February is over on 1 March where there is no 29 February.
func (d Date) YearsUntil(day Date) int {
	years := int(day.year) - int(d.year)
	if (Date{d.year, day.month, day.day}).Compare(d) < 0 {
		years--
	}
	return years
}

// String returns the date as YYYY-MM-DD, "" if it is absent.
func (d Date) String() string {
	text, _ := d.AppendText(nil)
	return string(text)
}

// AppendText appends the date as YYYY-MM-DD, or nothing if it is absent.
func (d Date) AppendText(dst []byte) ([]byte, error) {
	if d.IsZero() {
		return dst, nil
	}
	return d.time().AppendFormat(dst, time.DateOnly), nil
}

// MarshalText returns the date as YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText reads an RFC 3339 full-date.
func (d *Date) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDate(string(b))
	return err
}

// time returns the date's midnight in UTC.
func (d Date) time() time.Time {
	return time.Date(int(d.year), time.Month(d.month), int(d.day), 0, 0, 0, 0, time.UTC)
}
