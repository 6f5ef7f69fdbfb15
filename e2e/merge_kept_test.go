package e2e

import (
	"path/filepath"
	"testing"

	"github.com/google/uuid"
)

// A restore brings back merges as they were, and nobody of those who were erased since: neither
// those merged into a person, with a record or without, nor the ids that were taken for them.
// Who was taken out of a survivor since, and was not erased, is there by itself.
func TestMergedPeopleAndARestore(t *testing.T) {
	t.Parallel()
	p, b := start(t), newBackups(t)
	all := p.token(t, "officer", "service", "governance", "support")
	survivor, merged, other := p.create(t, all, ""), p.create(t, all, `"disabled":true`), p.create(t, all, "")
	stays, goes := p.create(t, all, `"disabled":true`), p.create(t, all, `"disabled":true`)
	entry, nothing := uuid.NewString(), uuid.NewString() // of people without a record
	p.put(t, entry, adaeze).want(t, 201)
	p.merge(t, all, entry, survivor.target, nil).want(t, 200)
	p.merge(t, all, nothing, survivor.target, nil).want(t, 200)
	p.merge(t, all, merged.target, survivor.target, nil).want(t, 200)
	p.merge(t, all, stays.target, other.target, nil).want(t, 200)
	p.merge(t, all, goes.target, other.target, nil).want(t, 200)
	newest := filepath.Join(b.dir, "newest.keys")
	b.take(t, p.dir, "old.age", "--keys", newest)

	dir := p.dir
	to, _ := b.restore(t, keysetOf(dir), "old.age", "--keys", newest)
	restored := startIn(t, to)
	same(t, restored.record(t, restored.token(t, "officer"), merged)["id"], survivor.id)

	p.unmerge(t, all, stays.target)
	p.unmerge(t, all, goes.target)
	p.erase(t, merged.target)
	p.erase(t, other.id)
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	b.take(t, dir, "new.age", "--keys", newest)
	to, _ = b.restore(t, keysetOf(dir), "old.age", "--keys", newest)
	p = startIn(t, to)
	all = p.token(t, "officer", "service", "governance", "support")
	for _, id := range []string{survivor.id, survivor.target, merged.id, merged.target} {
		p.do(t, "GET", records+"/"+id, request{token: all}).want(t, 410)
	}
	for _, id := range []string{entry, survivor.target} {
		p.entry(t, id).want(t, 410)
	}
	p.do(t, "GET", records+"/"+nothing, request{token: all}).want(t, 404)
	p.do(t, "POST", records, request{token: all, body: body(nothing, "")}).want(t, 201)
	p.do(t, "GET", records+"/"+other.id, request{token: all}).want(t, 410)
	p.unmerge(t, all, stays.target)
	same(t, p.record(t, all, stays)["disabled"], true)
	p.erase(t, goes.id)
	p.do(t, "POST", persons+"/"+goes.target+"/unmerge", request{token: all}).want(t, 410)
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	if out, status := auditVerify(t, p.dir, "--records"); status != 0 {
		t.Errorf("the access log failed verification: %s", out)
	}
}
