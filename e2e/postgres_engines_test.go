package e2e

import (
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// TestPostgresIsAsSQLite runs tests once more, on PostgreSQL, whose outcome the
// engine decides as a process among others: start and stop, a kill, two servers
// on one database, waiting for events, import and export. Two of them walk
// through every operation. What an engine answers to a single call is not
// repeated here: the conformance suite (internal/store/storetest) asks that of both.
func TestPostgresIsAsSQLite(t *testing.T) {
	t.Parallel()
	for _, test := range []func(*testing.T){
		TestRolesHaveTheirPermissions, TestHeadIsGetWithoutBody,
		TestParallelCreatesMakeOneRecord, TestParallelPatchesOfOneVersionMakeOneChange, TestParallelPatchesOfDifferentMembersAllSurvive,
		TestSameKeyAtOnceIsDoneOnce, TestWalkSeesEveryoneWhileOthersAreCreated,
		TestRetryIsAnsweredAsTheFirstTime, TestFeedsEndIsACursorThatStays, TestWaitEndsWithAnEvent, TestWaitEndsWhenTheServerStops,
		TestRequestsInFlightAreAnsweredAtShutdown, TestAccessLogVerifiesAfterAStop, TestMetricsNameNoOne,
		TestKilledServer, TestStoppedServer,
		TestImportedRecordsAreAsAnyOther, TestExportIsImportedAsItWas, // an import that is killed: TestPostgresImportBesideServers
	} {
		name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
		t.Run(name[strings.LastIndexByte(name, '.')+len(".Test"):], test)
	}
}
