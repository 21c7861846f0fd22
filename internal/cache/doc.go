// Package cache keeps answers about time that is past changing, so that nobody
// asks Datadog for them twice.
//
// What is kept lies in pack files: immutable, checksummed, each written to a
// temporary name and renamed. A pack of metric data holds one query (or formula)
// at one step over whole UTC days, and its name says which, so that looking up
// what is held costs one listing of a folder and opens nothing.
//
// Only what is settled is ever answered from here: days that ended a good while
// (24 hours unless configured) before the earliest clock that is known. What is
// newer is kept as well, but only for runs that are offline by wish.
//
// Nothing that goes wrong here is an error to the caller. A file that is
// damaged, foreign, gone, or cannot be read is a miss, and [Cache.Close] returns
// notes that say so. Files are not synced to the disk: one that a power failure
// tore does not match its checksum, and is a miss too.
//
// Any number of processes share a folder without locks. Two that write the same
// days both succeed, and readers take the newer; a reader whose file was merged
// into a larger one looks again.
package cache
