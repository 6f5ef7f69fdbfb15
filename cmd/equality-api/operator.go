package main

import (
	"os"
	"os/user"
	"strconv"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/identity"
)

// operator is the person who runs a command on this machine, as the access log
// names them. There is no token, so it is the system user.
func operator() identity.Caller {
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	return identity.Caller{Subject: "operator:" + name, Name: name, Kind: identity.Service}
}

// operatorEntry is an entry for a command of the operator.
func operatorEntry() audit.Entry {
	who := operator()
	return audit.Entry{
		ID: uuid.New(), Subject: who.Subject, Name: who.Name, Kind: string(who.Kind), Outcome: audit.Done, Status: 200,
		CorrelationID: uuid.New(),
	}
}
