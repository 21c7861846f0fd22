// Package report turns results into documents, one file for each command.
// It decides what is said and in which order; how a number or a name is
// written is decided in internal/render. schema.go holds the JSON of the contract.
package report
