package directory_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"

	"github.com/google/uuid"
)

// origin is people whose names are common in one place.
type origin struct {
	share  int
	given  []string
	family []string
}

// readPopulation reads testdata/population.txt.
func readPopulation(t testing.TB) (origins []origin) {
	t.Helper()
	text, err := os.ReadFile("testdata/population.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		switch {
		case words[0] == "#":
		case words[0] == "given":
			origins[len(origins)-1].given = words[1:]
		case words[0] == "surnames":
			origins[len(origins)-1].family = words[1:]
		default:
			share, err := strconv.Atoi(words[1])
			if err != nil {
				t.Fatal(err)
			}
			origins = append(origins, origin{share: share})
		}
	}
	return origins
}

// population makes invented people with names as common as they are: the names of the file in
// falling frequency, and behind them many that few people have.
type population struct {
	origins []origin
	random  *rand.Rand
}

func newPopulation(t testing.TB, seed uint64) *population {
	return &population{readPopulation(t), rand.New(rand.NewPCG(seed, 1))}
}

func (p *population) one(n uint64) directory.Person {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], p.random.Uint64())
	binary.BigEndian.PutUint64(id[8:], n)
	at := p.random.IntN(1000)
	i := slices.IndexFunc(p.origins, func(o origin) bool { at -= o.share; return at < 0 })
	o := p.origins[max(i, 0)]
	person := directory.Person{
		ID: id, FirstName: p.name(o.given, 0.04), Surname: p.name(o.family, 0.3),
		DateOfBirth: equality.NewDate(1930, 1, 1+p.random.IntN(95*365)),
	}
	if p.random.IntN(100) < 45 {
		person.MiddleName = p.name(o.given, 0.04)
	}
	if p.random.IntN(100) < 3 {
		person.PreferredFirstName = p.name(o.given, 0.04)
	}
	if p.random.IntN(100) < 4 {
		person.Surname += "-" + p.name(o.family, 0.3)
	}
	return person
}

// name draws a name: the one at place n is as common as 1/(n+5), and the share is of rare ones.
func (p *population) name(common []string, rare float64) string {
	if p.random.Float64() < rare {
		return p.rare()
	}
	for {
		n := int(5 * (math.Pow(float64(len(common)+5)/5, p.random.Float64()) - 1))
		if n < len(common) {
			return common[n]
		}
	}
}

// rare makes up a name: some hundreds of thousands are possible, and few people share one.
func (p *population) rare() string {
	begin := strings.Fields("Al Ar Bar Ben Ber Bran Bur Cal Car Ches Chur Col Cor Cran Dal Den Dor Dun El Es Fal Far Fen Gar Gil Gol Had Hal Har Hen Hol " +
		"Ib Is Jar Kel Ken Kir Lan Lar Lin Lun Mal Mar Mel Mor Nor Ol Or Pen Per Pol Ram Ran Ros Sal Sam Sed Shel Sil Stan Tal Tan Tor Ul Van Ver Wal War Wes Win Yar Zal")
	middle := strings.Fields("a e i o u ba bo da de di do fa ga go ka ki la le li lo ma me mi mo na ne ni no pa ra re ri ro sa se ta te ti to va ve wa")
	end := strings.Fields("bank bert bridge by combe cott croft dale den don field ford ham hurst ing ington kins land leigh ley low man mere ner nes ney ridge " +
		"rick sen shaw son stead stone stow thorpe ton vale well wick win wood worth ski ova enko idis opoulos escu ani oglu yan dze")
	name := begin[p.random.IntN(len(begin))]
	for range p.random.IntN(3) {
		name += middle[p.random.IntN(len(middle))]
	}
	return name + end[p.random.IntN(len(end))]
}
