// Package directory owns the entry of a person in the directory: its members and rules,
// what of it is shown, and the age that follows from it. It neither stores nor fetches
// entries, and knows nothing of records but dates and failures.
package directory
