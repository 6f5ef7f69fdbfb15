package identity

// A Permission is what an operation or use case requires of a caller.
type Permission string

// The permissions in the HTTP contract, and those for imports, exports and publishing,
// which no role has: only whoever runs the command has them, or the program itself.
const (
	EqualityRead       Permission = "equality:read"
	EqualityWrite      Permission = "equality:write"
	EqualityList       Permission = "equality:list"
	EqualityErase      Permission = "equality:erase"
	EqualityImport     Permission = "equality:import"
	EqualityExport     Permission = "equality:export"
	MonitoringRead     Permission = "monitoring:read"
	CommunicationRead  Permission = "communication:read"
	HistoryRead        Permission = "history:read"
	AuditRead          Permission = "audit:read"
	RightsRead         Permission = "rights:read"
	RightsWrite        Permission = "rights:write"
	NINORead           Permission = "nino:read"
	PersonRead         Permission = "person:read"
	PersonWrite        Permission = "person:write"
	PersonMerge        Permission = "person:merge"
	EventsRead         Permission = "events:read"
	EventsPublish      Permission = "events:publish"
	ReportingAggregate Permission = "reporting:aggregate"
	ReportingRecords   Permission = "reporting:records"
	ReportingCohorts   Permission = "reporting:cohorts"
	SupportRead        Permission = "support:read"
	QualityMend        Permission = "quality:mend"
	Admin              Permission = "admin"
)

// permissionSet has a bit for each permission, so that a Caller is comparable and cheap to
// copy.
type permissionSet uint32

var bits = map[Permission]permissionSet{
	EqualityRead:       1 << 0,
	EqualityWrite:      1 << 1,
	EqualityList:       1 << 2,
	EqualityErase:      1 << 3,
	HistoryRead:        1 << 4,
	AuditRead:          1 << 5,
	RightsRead:         1 << 6,
	NINORead:           1 << 7,
	PersonRead:         1 << 8,
	PersonWrite:        1 << 9,
	EventsRead:         1 << 10,
	ReportingAggregate: 1 << 11,
	ReportingRecords:   1 << 12,
	SupportRead:        1 << 13,
	Admin:              1 << 14,
	EqualityImport:     1 << 15,
	EqualityExport:     1 << 16,
	EventsPublish:      1 << 17,
	MonitoringRead:     1 << 18,
	CommunicationRead:  1 << 19,
	PersonMerge:        1 << 20,
	RightsWrite:        1 << 21,
	ReportingCohorts:   1 << 22,
	QualityMend:        1 << 23,
}

// roles are the built-in roles. The configuration assigns them to groups, and a Preset may
// withdraw permissions.
var roles = map[string][]Permission{
	"officer":          {EqualityRead, EqualityWrite, MonitoringRead, CommunicationRead, HistoryRead, PersonRead, NINORead},
	"service":          {EqualityRead, EqualityWrite, MonitoringRead, CommunicationRead, PersonRead, PersonWrite, EventsRead},
	"analyst":          {ReportingAggregate},
	"decision-analyst": {ReportingAggregate, ReportingCohorts},
	"data-loader":      {ReportingRecords},
	"support":          {SupportRead, QualityMend, EqualityList, EventsRead},
	"governance": {RightsRead, RightsWrite, EqualityErase, AuditRead, HistoryRead, EqualityRead, MonitoringRead,
		CommunicationRead, EqualityList, PersonRead, PersonMerge, ReportingAggregate, ReportingCohorts},
	"admin": {Admin},
}
