package e2e

import (
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// TestPostgresIsAsSQLite runs tests that are not about the store once more,
// on PostgreSQL: what a caller sees does not depend on where the data are.
func TestPostgresIsAsSQLite(t *testing.T) {
	t.Parallel()
	for _, test := range []func(*testing.T){
		TestSeedExampleComesBackMemberForMember, TestRecordWithoutAnIDHasItsTargets,
		TestMergePatchSemantics, TestPatchThatChangesNothing, TestNumberIsChangedByThoseWhoMayReadIt,
		TestListIsInTheOrderOfIDs, TestListByTimeIsInTheOrderOfChanges, TestWalkSeesEveryoneWhileOthersAreCreated,
		TestIfMatchIsEnforced, TestChangedMembersAreThoseSinceTheVersion, TestIfNoneMatchAnswersNotModified, TestHeadIsGetWithoutBody,
		TestRetryIsAnsweredAsTheFirstTime, TestKeyIsGoodForOneBody, TestKeyBelongsToCallerMethodAndPath,
		TestRefusalsPastValidationAreReplayed, TestSameKeyAtOnceIsDoneOnce,
		TestParallelCreatesMakeOneRecord, TestParallelPatchesOfOneVersionMakeOneChange, TestParallelPatchesOfDifferentMembersAllSurvive,
		TestEventsTellOfEveryChangeOnceInOrder, TestFeedsEndIsACursorThatStays, TestCursorThatIsNotTheFeedsIsRefused,
		TestWaitEndsWithAnEvent, TestWaitEndsWithItsTime, TestWaitEndsWhenTheServerStops,
		TestHistoryTellsEveryVersionNewestFirst, TestEarlierGendersNeedTheRightToThem,
		TestRequestsInFlightAreAnsweredAtShutdown, TestAccessLogVerifiesAfterAStop, TestMetricsNameNoOne,
		TestKilledServer, TestStoppedServer,
		TestImportedRecordsAreAsAnyOther, TestImportWithOneEventForAll, TestKilledImportIsResumed,
		TestExportIsImportedAsItWas,
	} {
		name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
		t.Run(name[strings.LastIndexByte(name, '.')+len(".Test"):], test)
	}
}
