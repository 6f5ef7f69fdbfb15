package equality

// Text is the free text of an …IfOther member. The zero Text is an absent
// member, which differs from the empty text: "" is kept as it was sent.
type Text struct {
	present bool
	text    string
}

// NewText gives s as a Text that is present, even where s is empty.
func NewText(s string) Text { return Text{present: true, text: s} }

// IsZero says whether the member is absent.
func (t Text) IsZero() bool { return !t.present }

// String gives the text, "" where the member is absent.
func (t Text) String() string { return t.text }

// AppendText appends the text.
func (t Text) AppendText(dst []byte) ([]byte, error) { return append(dst, t.text...), nil }

// MarshalText gives the text.
func (t Text) MarshalText() ([]byte, error) { return t.AppendText(nil) }

// UnmarshalText makes b the text.
func (t *Text) UnmarshalText(b []byte) error {
	*t = NewText(string(b))
	return nil
}
