package e2e

import (
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// TestPostgresIsAsSQLite repeats tests on PostgreSQL whose outcome depends on the engine as
// a process: start and stop, a kill, two servers on one database, waiting for events,
// import and export. Two of them go through every operation. Responses to single calls are
// not repeated here: the conformance suite (internal/store/storetest) tests them on both
// engines.
func TestPostgresIsAsSQLite(t *testing.T) {
	t.Parallel()
	runAll(t,
		TestEveryRoleWithEveryOperation, TestHeadIsGetWithoutBody,
		TestParallelCreatesMakeOneRecord, TestParallelPatchesOfOneVersionMakeOneChange, TestParallelPatchesOfDifferentMembersAllSurvive,
		TestSameKeyAtOnceIsDoneOnce, TestWalkSeesEveryoneWhileOthersAreCreated,
		TestRetryIsAnsweredAsTheFirstTime, TestFeedsEndIsACursorThatStays, TestWaitEndsWithAnEvent, TestWaitEndsWhenTheServerStops,
		TestRequestsInFlightAreAnsweredAtShutdown, TestAccessLogVerifiesAfterAStop, TestMetricsNameNoOne,
		TestKilledServer, TestStoppedServer, TestErasedRecordIsGoneForEveryOperation, TestWhatIsWithheldIsInNoAnswer,
		TestPersonIsKeptInVersions, TestRecordComesWithItsPerson, TestListComesWithItsPeople,
		TestManyLargeAnswersLiveInBoundedMemory, TestPersonIsFoundByNationalInsuranceNumber, TestDuplicatesAreProposed, TestMergedPeopleAreFoundAsOne,
		TestTwoPeopleBecomeOneAndTwoAgain, TestErasingASurvivorErasesAll, TestNothingIsLostOfAMergeAmongChanges,
		TestImportedRecordsAreAsAnyOther, TestExportIsImportedAsItWas, // an import that is killed: TestPostgresImportBesideServers
	)
}

// TestQuick is the part of the whole-program tests that "make quick" runs: a little of
// everything.
func TestQuick(t *testing.T) {
	t.Parallel()
	if !testing.Short() {
		t.Skip("these tests are run anyway")
	}
	runAll(t,
		TestContractAndServerHaveTheSameOperations, TestEveryOperationIsServedUnderBothPrefixes, TestEveryRoleWithEveryOperation,
		TestMergePatchSemantics, TestIfMatchIsEnforced, TestRetryIsAnsweredAsTheFirstTime, TestEventsTellOfEveryChangeOnceInOrder,
		TestRecordComesWithItsPerson, TestWhatAFrontEndDoes, TestImportedRecordsAreAsAnyOther, TestStoppedServer,
	)
}

// runAll runs tests as parts of another.
func runAll(t *testing.T, tests ...func(*testing.T)) {
	t.Helper()
	for _, test := range tests {
		name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
		t.Run(name[strings.LastIndexByte(name, '.')+len(".Test"):], test)
	}
}
