package storetest

import (
	"fmt"
	"testing"
	"time"
)

var relaying = []test{
	{"a mark is swapped if it is as expected, and stays otherwise", func(t *testing.T, f *fixture) {
		swap := func(was, now string, want bool) {
			t.Helper()
			var expected []byte
			if was != "" {
				expected = []byte(was)
			}
			got, err := f.SwapMark(t.Context(), "place", expected, []byte(now))
			ok(t, "swap", err)
			equal(t, fmt.Sprintf("%q for %q", now, was), got, want)
		}
		stands := func(name, want string) {
			t.Helper()
			position, err := f.Mark(t.Context(), name)
			ok(t, "mark", err)
			equal(t, name, string(position), want)
		}
		swap("", "one", true)
		swap("", "two", false)
		swap("two", "three", false)
		stands("place", "one")
		swap("one", "t\x00wo", true)
		stands("place", "t\x00wo")
		stands("another", "")
		f.reopen()
		stands("place", "t\x00wo")
		swap("t\x00wo", "three", true)
	}},
	{"swaps at once do not undo each other", func(t *testing.T, f *fixture) {
		const each = 20
		for _, err := range together(4, func(int) error {
			for done := 0; done < each; {
				was, err := f.Mark(t.Context(), "count")
				if err != nil {
					return err
				}
				swapped, err := f.SwapMark(t.Context(), "count", was, append(was[:len(was):len(was)], 'x'))
				if err != nil {
					return err
				}
				if swapped {
					done++
				}
			}
			return nil
		}) {
			ok(t, "swap", err)
		}
		position, err := f.Mark(t.Context(), "count")
		ok(t, "mark", err)
		equal(t, "count", len(position), 4*each)
	}},
	{"a process on its own leads", func(t *testing.T, f *fixture) {
		for range 3 {
			leads, err := f.Leads(t.Context())
			ok(t, "lead", err)
			equal(t, "leads", leads, true)
		}
		f.reopen()
		// A database server may notice only later that the process before has gone.
		leads := false
		for end := time.Now().Add(10 * time.Second); !leads && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			var err error
			leads, err = f.Leads(t.Context())
			ok(t, "lead", err)
		}
		equal(t, "leads again", leads, true)
	}},
}
