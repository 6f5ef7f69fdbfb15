package directory

// sound is how a folded Latin name sounds to somebody who does not know how it is spelt, as
// a number; 0 for names in other scripts, which are found as they are written. Vowels after
// the first letter do not count, nor do doubled letters, nor the difference between letters
// that transliterations confuse: Mohammed, Muhamad and Mehmet, Chaudhry and Chowdhury, Yusuf
// and Joseph, Smith and Schmidt sound alike. It is coarse on purpose: how near two spellings
// are decides among names that sound alike.
func sound(word []byte) uint32 {
	const offset, prime = 2166136261, 16777619 // FNV-1a
	hash, n := uint32(offset), 0
	var last byte // the last consonant, 0 after a vowel
	for i := 0; i < len(word); {
		code, size := consonant(word, i)
		i += size
		switch {
		case code == 0:
			return 0
		case code == vowel && n > 0:
			last = 0
			continue
		case code == mute || code == last:
			continue
		}
		if code == 'x' && last != 'k' {
			hash, n = (hash^'k')*prime, n+1
		}
		if last = code; code == 'x' {
			last = 's'
		}
		hash, n = (hash^uint32(last))*prime, n+1
	}
	if n == 0 {
		return 0
	}
	return hash | 1
}

const (
	vowel = 'a'
	mute  = '-'
)

// consonant gives the code of the consonant at a place, and how many letters it has. The code
// is vowel for a vowel, mute for what is not heard, x for k and s, 0 for what is no Latin
// letter.
func consonant(w []byte, i int) (code byte, size int) {
	at := func(j int) byte {
		if j < 0 || j >= len(w) {
			return 0
		}
		return w[j]
	}
	c, next, first := w[i], at(i+1), i == 0
	if c == next && !isVowel(c) {
		return mute, 1 // of a doubled letter the second is heard
	}
	switch c {
	case 'a', 'e', 'i', 'o', 'u':
		return vowel, 1
	case 'y':
		if first && isVowel(next) {
			return 'j', 1
		}
		return vowel, 1
	case 'h':
		if first {
			return 'h', 1
		}
		return mute, 1
	case 'w':
		switch {
		case first && next == 'r':
			return mute, 1
		case isVowel(next) && (first || isVowel(at(i-1))), first:
			return 'f', 1
		}
		return vowel, 1
	case 'v':
		return 'f', 1
	case 'b':
		if i+1 == len(w) {
			return 'p', 1
		}
	case 'p':
		switch {
		case next == 'h':
			return 'f', 2
		case first && (next == 's' || next == 'n'):
			return mute, 1
		}
	case 'd':
		switch {
		case next == 'j', next == 'z' && at(i+2) == 'h':
			return mute, 1 // what follows says j
		case i+1 == len(w):
			return 't', 1
		case next == 't':
			return mute, 1
		case next == 'g' && isFront(at(i+2)):
			return mute, 1
		}
	case 't':
		switch {
		case next == 'c' && at(i+2) == 'h':
			return mute, 1
		case next == 's' && at(i+2) == 'c' && at(i+3) == 'h':
			return 'c', 4
		case next == 's' && at(i+2) == 'h':
			return 'c', 3
		case next == 'z' || next == 's' && first:
			return mute, 1
		}
	case 'c':
		switch {
		case next == 'h' && (at(i+2) == 'r' || at(i+2) == 'l'):
			return 'k', 2
		case next == 'h':
			return 'c', 2
		case next == 'z':
			return 'c', 2
		case isFront(next):
			return 's', 1
		}
		return 'k', 1
	case 'k':
		if first && next == 'n' {
			return mute, 1
		}
		return 'k', 1
	case 'q':
		return 'k', 1
	case 'g':
		switch {
		case next == 'h' && (i+2 == len(w) || at(i+2) == 't') && !first:
			return mute, 2
		case next == 'n' && first:
			return mute, 1
		case isFront(next):
			return 'j', 1
		case i+1 == len(w):
			return 'k', 1
		}
	case 'n':
		if next == 'g' && (first || !isFront(at(i+2))) {
			return 'n', 2
		}
	case 's':
		if next == 'c' && at(i+2) == 'h' {
			return 's', 3
		}
		return 's', 1
	case 'z':
		if next == 'h' {
			return 'j', 2
		}
		return 's', 1
	case 'x':
		if first {
			return 's', 1
		}
		return 'x', 1
	}
	if c < 'a' || c > 'z' {
		return 0, 1
	}
	return c, 1
}

func isVowel(c byte) bool {
	switch c {
	case 'a', 'e', 'i', 'o', 'u', 'y':
		return true
	}
	return false
}

// isFront says whether c and g are soft before a letter.
func isFront(c byte) bool { return c == 'e' || c == 'i' || c == 'y' }
