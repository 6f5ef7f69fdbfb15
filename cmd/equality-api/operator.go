package main

import (
	"os"
	"os/user"
	"strconv"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
)

// operatorEntry is an entry of whoever runs a command on this machine: no
// token says who it is, so it is the system's user.
func operatorEntry() audit.Entry {
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return audit.Entry{
		ID: uuid.New(), Subject: "operator:" + name, Name: name, Kind: "person", Outcome: audit.Done, Status: 200,
		CorrelationID: uuid.New(),
	}
}
