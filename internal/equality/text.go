package equality

// Text is the free text of an …IfOther member. The zero Text is an absent
// member, which differs from the empty text "".
type Text struct {
	present bool
	text    string
}

// NewText returns s as a Text that is present, even if s is empty.
func NewText(s string) Text { return Text{present: true, text: s} }

// IsZero says whether the member is absent.
func (t Text) IsZero() bool { return !t.present }

// String returns the text, "" if the member is absent.
func (t Text) String() string { return t.text }

// AppendText appends the text.
func (t Text) AppendText(dst []byte) ([]byte, error) { return append(dst, t.text...), nil }

// MarshalText returns the text.
func (t Text) MarshalText() ([]byte, error) { return t.AppendText(nil) }

// UnmarshalText sets the text to b.
func (t *Text) UnmarshalText(b []byte) error {
	*t = NewText(string(b))
	return nil
}
