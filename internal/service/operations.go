package service

import (
	"strings"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/identity"
)

//go:generate go test -run TestRolesPage -update .

// An Action is one kind of thing a caller may do: its name in the access log, and the
// permission it needs. Its use cases only accept an Access to it.
type Action struct {
	name       string
	permission identity.Permission
}

// Permission is the permission that the action needs.
func (a Action) Permission() identity.Permission { return a.permission }

// The actions.
var (
	Create                 = Action{audit.ActionCreate, identity.EqualityWrite}
	Change                 = Action{"change", identity.EqualityWrite}
	Erase                  = Action{audit.ActionErase, identity.EqualityErase}
	Merge                  = Action{audit.ActionMerge, identity.PersonMerge}
	Unmerge                = Action{audit.ActionUnmerge, identity.PersonMerge}
	Read                   = Action{"read", identity.EqualityRead}
	ReadCommunicationNeeds = Action{"read-communication-needs", identity.CommunicationRead}
	List                   = Action{"list", identity.EqualityList}
	ReadHistory            = Action{"read-history", identity.HistoryRead}
	ReadEvents             = Action{"read-events", identity.EventsRead}
	ReadPerson             = Action{"read-person", identity.PersonRead}
	WritePerson            = Action{"write-person", identity.PersonWrite}
	Import                 = Action{audit.ActionImport, identity.EqualityImport}
	Export                 = Action{"export", identity.EqualityExport}
	Publish                = Action{"publish", identity.EventsPublish}
	DropEvent              = Action{"drop-event", identity.EventsPublish}
	SearchPeople           = Action{"search", identity.PersonRead}
	FindDuplicates         = Action{"list-duplicates", identity.SupportRead}
)

// An Operation is something the program can do, over HTTP or by a command. Unless it is
// Open, AnyToken or has an Action with a permission, nobody may call it.
type Operation struct {
	ID     string // operationId in the contract, or the name of a command
	Method string // empty for a command
	Path   string // as in the contract, for example "/events"; empty for a command
	Action Action
	// When gives the action to use instead of Action if the query has this parameter.
	When map[string]Action
	// Include gives the permissions that the values of the parameter include need, besides
	// that of the action.
	Include  map[string][]identity.Permission
	Open     bool // needs no token
	AnyToken bool // needs a valid token but no permission
}

// Operations is the table of all operations. The routes of the JSON API, the
// methods that CORS allows, docs/roles.md and the test of every operation with
// every role come from it; a test compares it with the contract.
var Operations = []Operation{
	{ID: "createEqualityInformation", Method: "POST", Path: "/equality-information", Action: Create},
	{ID: "createEqualityInformationWithId", Method: "POST", Path: "/equality-information/{id}", Action: Create},
	{ID: "listEqualityInformation", Method: "GET", Path: "/equality-information", Action: List, When: map[string]Action{"targetId": Read},
		Include: map[string][]identity.Permission{"person": {identity.EqualityRead, identity.PersonRead}}}, // the person stands in the record
	{ID: "getEqualityInformation", Method: "GET", Path: "/equality-information/{id}", Action: Read,
		Include: map[string][]identity.Permission{"person": {identity.PersonRead}}},
	{ID: "updateEqualityInformation", Method: "PATCH", Path: "/equality-information/{id}", Action: Change},
	{ID: "eraseEqualityInformation", Method: "DELETE", Path: "/equality-information/{id}", Action: Erase},
	{ID: "listHistory", Method: "GET", Path: "/equality-information/{id}/history", Action: ReadHistory},
	{ID: "getHistoryVersion", Method: "GET", Path: "/equality-information/{id}/history/{version}", Action: ReadHistory},
	{ID: "searchPersons", Method: "POST", Path: "/persons/search", Action: SearchPeople},
	{ID: "getPerson", Method: "GET", Path: "/persons/{id}", Action: ReadPerson},
	{ID: "putPerson", Method: "PUT", Path: "/persons/{id}", Action: WritePerson},
	{ID: "getCommunicationNeeds", Method: "GET", Path: "/equality-information/{id}/communication-needs", Action: ReadCommunicationNeeds},
	{ID: "listDuplicates", Method: "GET", Path: "/support/duplicates", Action: FindDuplicates},
	{ID: "mergePerson", Method: "POST", Path: "/persons/{id}/merge", Action: Merge},
	{ID: "unmergePerson", Method: "POST", Path: "/persons/{id}/unmerge", Action: Unmerge},
	{ID: "listEvents", Method: "GET", Path: "/events", Action: ReadEvents},
	{ID: "getMe", Method: "GET", Path: "/me", AnyToken: true},
	{ID: "listMembers", Method: "GET", Path: "/metadata/members", AnyToken: true},
	{ID: "listReferenceLists", Method: "GET", Path: "/reference-data", AnyToken: true},
	{ID: "getReferenceList", Method: "GET", Path: "/reference-data/{list}", AnyToken: true},
	{ID: "ping", Method: "GET", Path: "/healthcheck/ping", Open: true},
	{ID: "readyz", Method: "GET", Path: "/readyz", Open: true},
	{ID: "livez", Method: "GET", Path: "/livez", Open: true},
	{ID: "getContractYaml", Method: "GET", Path: "/openapi.yaml", Open: true},
	{ID: "getContractJson", Method: "GET", Path: "/openapi.json", Open: true},
	{ID: "getDocs", Method: "GET", Path: "/docs", Open: true},
	{ID: "getDocsAsset", Method: "GET", Path: "/docs/assets/{file}", Open: true},
	{ID: "getProblemPage", Method: "GET", Path: "/docs/problems/{code}", Open: true},

	{ID: "import", Action: Import},
	{ID: "export", Action: Export},
	{ID: "events retry", Action: Publish},
	{ID: "events drop", Action: DropEvent},
	// These two work on files without a Service, so they check no permission.
	{ID: "backup", Action: Action{name: audit.ActionBackup}},
	{ID: "restore", Action: Action{name: audit.ActionRestore}},
}

// Restricted reports whether the operation needs a permission.
func (o Operation) Restricted() bool { return !o.Open && !o.AnyToken }

// ActionFor returns the action of a request; sent reports whether its query has a
// parameter.
func (o Operation) ActionFor(sent func(parameter string) bool) Action {
	for parameter, action := range o.When {
		if sent(parameter) {
			return action
		}
	}
	return o.Action
}

// Included are what values of the parameter include ask for: names separated by commas.
func Included(values []string) []string { return strings.Split(strings.Join(values, ","), ",") }

// Further returns the permissions that a request needs besides that of its action, for what
// it includes.
func (o Operation) Further(include []string) (permissions []identity.Permission) {
	for _, name := range Included(include) {
		permissions = append(permissions, o.Include[name]...)
	}
	return permissions
}
