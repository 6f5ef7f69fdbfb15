package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// letters are the letters that Unicode does not decompose, and how people write them
// without: in lower case, because folding lowers first.
var letters = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ı': "i", 'ŋ': "ng",
	'ŧ': "t", 'ĸ': "k", 'ə': "e", 'ƙ': "k", 'ɓ': "b", 'ɗ': "d", 'ƴ': "y", 'ɛ': "e", 'ɔ': "o", 'ʔ': "", 'ς': "σ",
	// Arabic letters that keyboards of several languages write differently.
	'ى': "ي", 'ی': "ي", 'ې': "ي", 'ک': "ك", 'ة': "ه", 'ہ': "ه", 'ھ': "ه", 'ە': "ه", 'ـ': "",
}

// unmarked are the scripts whose marks people leave out when they type. In others, such as
// Bengali or Thai, marks are vowels.
var unmarked = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew}

// syllabic are the scripts that are written without blanks between names: each of their
// characters is a word.
var syllabic = []*unicode.RangeTable{unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana}

// fold appends a name as it is compared: in lower case, without accents, letters of the
// table replaced.
func fold(dst []byte, name string) []byte {
	plain := true
	for i := range len(name) {
		c := name[i]
		plain = plain && c < utf8.RuneSelf
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	if plain {
		return dst
	}
	dst = dst[:len(dst)-len(name)]
	start, bare := len(dst), false // bare: the last letter loses its marks
	for _, r := range norm.NFKD.String(name) {
		r = unicode.ToLower(r)
		switch replaced, ok := letters[r]; {
		case unicode.Is(unicode.Mn, r) && bare, unicode.Is(unicode.Cf, r):
		case ok:
			dst = append(dst, replaced...)
		default:
			dst = utf8.AppendRune(dst, r)
			if !unicode.Is(unicode.Mn, r) {
				bare = unicode.In(r, unmarked...)
			}
		}
	}
	if composed := norm.NFC.Bytes(dst[start:]); len(composed) > 0 {
		dst = append(dst[:start], composed...)
	}
	return dst
}

// A link is what stands between two words of a name.
type link byte

const (
	apart  link = iota // blanks
	hyphen             // or another sign that makes one name of two
	apostrophe
)

// A part is a word of a name, folded, and what links it to the one before.
type part struct {
	text []byte // until the next call
	link link
}

// split appends the words of a folded name.
func split(dst []part, folded []byte) []part {
	begin, between := -1, apart
	end := func(i int) {
		if begin >= 0 {
			dst = append(dst, part{folded[begin:i], between})
			begin, between = -1, apart
		}
	}
	for i := 0; i < len(folded); {
		r, size := rune(folded[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(folded[i:])
		}
		switch {
		case 'a' <= r && r <= 'z':
			if begin < 0 {
				begin = i
			}
		case r >= utf8.RuneSelf && unicode.In(r, syllabic...):
			end(i)
			begin = i
			end(i + size)
		case strings.ContainsRune("'’‘ʼʻ`´′ʹ＇", r):
			end(i)
			between = apostrophe
		case strings.ContainsRune("-‐‑‒–—−־", r):
			end(i)
			between = hyphen
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if begin < 0 {
				begin = i
			}
		default:
			end(i)
		}
		i += size
	}
	end(len(folded))
	return dst
}

// particles are words that some write apart from the name that follows and others do not.
var particles = wordSet("abd abdul abdel abu al ap bin bint da dal de del della den der di dos du el fitz ibn ibnu la las le los mac mc " +
	"o ould saint san santa st ter umm ur van vander ver von zu")

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// maxJoined is how many words of one name are also found as one.
const maxJoined = 4

// joins yields the words of one name that are also written as one: "o'brien" as "obrien",
// "smith-jones" as "smithjones", "van den berg" as "vandenberg". whole says that words with
// blanks between are too, as in "mary ann".
func joins(dst []byte, parts []part, whole bool, yield func([]byte)) []byte {
	if len(parts) < 2 {
		return dst
	}
	join := func(parts []part) {
		dst = dst[:0]
		for _, p := range parts {
			dst = append(dst, p.text...)
		}
		yield(dst)
	}
	for i := 1; i < len(parts); i++ {
		linked := parts[i].link == apostrophe || particles[string(parts[i-1].text)]
		whole = whole || linked || parts[i].link == hyphen
		if linked && len(parts) > 2 {
			join(parts[i-1 : i+1])
		}
	}
	if whole && len(parts) <= maxJoined && !syllable(parts[0].text) {
		join(parts)
	}
	return dst
}

// syllable reports whether a word is one of those that are a single character.
func syllable(word []byte) bool {
	r, size := utf8.DecodeRune(word)
	return size == len(word) && size > 1 && unicode.In(r, syllabic...)
}
