package equality

// Field is a member of an object, and how to read it.
type Field[T any] = field[T]

// TextField is a member whose value is text. take gets the text as it was sent, unless it
// is null or empty: the member is then absent. It gives the code of a failure, or "".
func TextField[T any](name string, take func(object *T, text string) (code string)) Field[T] {
	return Field[T]{name, func(d *decoder, object *T) {
		if d.null() {
			return
		}
		text, ok := d.string()
		if !ok || text == "" {
			return
		}
		if code := take(object, text); code != "" {
			d.fail(code)
		}
	}}
}

// BooleanField is a member whose value is true or false. take gets it unless it is null.
func BooleanField[T any](name string, take func(object *T, value bool)) Field[T] {
	return Field[T]{name, func(d *decoder, object *T) {
		if !d.null() {
			take(object, d.boolean())
		}
	}}
}

// ObjectField is a member whose value is an object of these fields, which are read into the
// object that of gives, unless it is null.
func ObjectField[T, O any](name string, fields []Field[O], of func(object *T) *O) Field[T] {
	return Field[T]{name, func(d *decoder, object *T) {
		if !d.null() {
			readObject(d, fields, of(object))
		}
	}}
}

// IgnoredField is a member whose value does not matter.
func IgnoredField[T any](name string) Field[T] {
	return Field[T]{name, func(d *decoder, _ *T) { d.skip() }}
}

// DecodeObject reads a body that is an object of these fields into object, as strictly as a
// record. whole says that it could be read to its end: if not, there is one failure.
func DecodeObject[T any](body []byte, fields []Field[T], object *T) (failures InvalidError, whole bool) {
	d := newDecoder(new(Rules), body, Date{})
	defer d.release()
	_, ok := readObject(d, fields, object)
	whole = d.end() && ok
	return d.failures, whole
}
