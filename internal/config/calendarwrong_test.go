package config_test

import "testing"

const (
	wantClock  = `want a time of the day from "00:00" to "24:00", such as "16:00"`
	wantMoment = "want a date such as 2026-12-24 or a time such as 2026-12-24T18:00"
	wantZone   = "want a name of the IANA time zone database, such as Asia/Tokyo, Europe/Berlin or UTC"

	anyPolicy  = "policies: [{name: a, expect: 1}]\n"
	somePolicy = "version: 1\n" + anyPolicy
)

func TestWrongCalendars(t *testing.T) {
	t.Parallel()
	wrongCalendars().want(t)
}

func wrongCalendars() mistakes {
	return mistakes{anyPolicy, []mistake{
		{"calendars:", "3:12: calendars: want a mapping of keys to values, found nothing", ""},
		{"calendars: []", "3:12: calendars: want a mapping of keys to values, found a list", ""},
		{"calendars: {}", "3:12: calendars: nothing in it: want names, each with a time_zone and freezes", ""},
		{`calendars: {"": {}}`, "3:13: calendars: this one has an empty name", ""},
		{`calendars: {" ": {time_zone: UTC, freezes: [{weekly: fri, reason: r}]}}`, "3:13: calendars: this one has an empty name", ""},
		{"calendars: {a: }", "3:15: a calendar: want a mapping of keys to values, found nothing", ""},
		{"calendars: {a: {time_zone: UTC}}", `3:16: this calendar has no key "freezes"`, ""},
		{"calendars: {a: {freezes: []}}", `3:16: this calendar has no key "time_zone"`, ""},
		{"calendars: {a: {zone: UTC}}", `3:17: unknown key "zone": want time_zone or freezes`, "did you mean time_zone?"},
		{"calendars: {a: {time_zone: UTC, freezes: []}}", "3:42: freezes: the list is empty", ""},
		{"calendars: {a: {time_zone: UTC, freezes: {weekly: fri}}}", "3:42: freezes: want a list, each entry beginning with a dash, found a mapping", ""},
	}}
}

// What depends on the machine is no zone for a calendar.
func TestWrongZones(t *testing.T) {
	t.Parallel()
	wrongZones().want(t)
}

func wrongZones() mistakes {
	return mistakes{anyPolicy + "calendars:\n  c:\n    freezes: [{weekly: fri, reason: r}]\n    time_zone: ", []mistake{
		{"Local", `6:16: time_zone "Local": ` + wantZone, "the machine's own zone differs from machine to machine"},
		{`""`, "6:16: time_zone: the text is empty", ""},
		{"local", `6:16: time_zone "local": ` + wantZone, "the machine's own zone differs from machine to machine"},
		{"localtime", `6:16: time_zone "localtime": ` + wantZone, "the machine's own zone differs from machine to machine"},
		{"asia/tokio", `6:16: time_zone "asia/tokio": ` + wantZone, "did you mean Asia/Tokyo?"},
		{"Tokyo", `6:16: time_zone "Tokyo": ` + wantZone, "did you mean Asia/Tokyo?"},
		{"Europe/Belin", `6:16: time_zone "Europe/Belin": ` + wantZone, "did you mean Europe/Berlin?"},
		{"+09:00", `6:16: time_zone "+09:00": ` + wantZone, ""},
		{"9", "6:16: time_zone: " + wantText + ", found a number", ""},
		{"../../etc/passwd", `6:16: time_zone "../../etc/passwd": ` + wantZone, ""},
		{"JST", `6:16: time_zone "JST": ` + wantZone, ""},
		{"right/UTC", `6:16: time_zone "right/UTC": ` + wantZone, "did you mean UTC?"},
		{"posixrules", `6:16: time_zone "posixrules": ` + wantZone, "the machine's own zone differs from machine to machine"},
	}}
}

func TestWrongFreezes(t *testing.T) {
	t.Parallel()
	wrongFreezes().want(t)
}

func wrongFreezes() mistakes {
	return mistakes{anyPolicy + "calendars:\n  c:\n    time_zone: UTC\n    freezes:\n    - ", []mistake{
		{"{}", "7:7: a freeze: nothing in it: want from, to, weekly or reason", ""},
		{"text", "7:7: a freeze: want a mapping of keys to values, found text", ""},
		{"{from: 2026-12-24, to: 2026-12-25}", `7:7: this freeze has no key "reason"`, ""},
		{"{from: 2026-12-24, reason: r}", `7:7: this freeze has no key "to"`, ""},
		{"{to: 2026-12-24, reason: r}", `7:7: this freeze has no key "from"`, ""},
		{"{from: 2026-12-24, to: 2026-12-24, reason: r}", `7:30: to "2026-12-24": not after from "2026-12-24"`, "to is the first instant at which releases go out again"},
		{"{from: 2026-12-24T10:00, to: 2026-12-24T09:00, reason: r}", `7:36: to "2026-12-24T09:00": not after from "2026-12-24T10:00"`, "to is the first instant at which releases go out again"},
		{`{from: "16:00", to: 2026-12-24, reason: r}`, `7:14: from "16:00": ` + wantMoment, "a freeze on certain days of the week begins with weekly: [fri]"},
		{"{from: 2026-12-24, to: 2026-12-25T24:00, reason: r}", `7:30: to "2026-12-25T24:00": ` + wantMoment, "there is no such day or time"},
		{"{from: 2026-1-2, to: 2026-12-25, reason: r}", `7:14: from "2026-1-2": ` + wantMoment, ""},
		{"{from: 2026-12-24T18, to: 2026-12-25, reason: r}", `7:14: from "2026-12-24T18": ` + wantMoment, ""},
		{"{from: 2026-02-30, to: 2026-12-25, reason: r}", `7:14: from "2026-02-30": ` + wantMoment, "there is no such day or time"},
		{`{from: 2026-12-24, to: 2026-12-25, reason: ""}`, "7:50: reason: the text is empty", ""},
		{"{from: 2026-12-24, to: 2026-12-25, reason: r, until: x}", `7:53: unknown key "until": want from, to, weekly or reason`, ""},
		{"{form: 2026-12-24}", `7:8: unknown key "form": want from, to, weekly or reason`, "did you mean from?"},
		{"{weekly: [], reason: r}", "7:16: weekly: the list is empty", ""},
		{"{weekly: [fry], reason: r}", `7:17: weekly "fry": want mon, tue, wed, thu, fri, sat or sun`, "did you mean fri?"},
		{"{weekly: [Friday], reason: r}", `7:17: weekly "Friday": want mon, tue, wed, thu, fri, sat or sun`, "did you mean fri?"},
		{"{weekly: 5, reason: r}", "7:16: weekly 5: want mon, tue, wed, thu, fri, sat or sun", ""},
		{"{weekly: fri}", `7:7: this freeze has no key "reason"`, ""},
		{"{weekly: fri, from: 16, reason: r}", "7:27: from 16: " + wantClock, `write it in quotes, with hours and minutes: "16:00"`},
		{"{weekly: fri, from: 960, to: 1440, reason: r}", "7:27: from 960: " + wantClock, `write it in quotes, with hours and minutes: "16:00"`},
		{`{weekly: fri, from: "16", reason: r}`, `7:27: from "16": ` + wantClock, ""},
		{"{weekly: fri, from: 4pm, reason: r}", `7:27: from "4pm": ` + wantClock, ""},
		{"{weekly: fri, from: 25:00, reason: r}", `7:27: from "25:00": ` + wantClock, ""},
		{"{weekly: fri, from: 16:60, reason: r}", `7:27: from "16:60": ` + wantClock, ""},
		{"{weekly: fri, from: 2026-12-24, reason: r}", `7:27: from "2026-12-24": ` + wantClock, "a freeze from one date to another has no weekly"},
		{"{weekly: fri, from: 24:00, reason: r}", `7:27: from "24:00": no time is left of the day`, `the day begins at "00:00"`},
		{"{weekly: fri, from: 16:00, to: 16:00, reason: r}", `7:38: to "16:00": not after from "16:00"`, `a freeze over midnight is two: {weekly: [fri], from: "16:00", to: "24:00"} and {weekly: [sat], from: "00:00", to: "16:00"}`},
		{"{weekly: [fri, sat], from: 22:00, to: 06:00, reason: r}", `7:45: to "06:00": not after from "22:00"`, `a freeze over midnight is two: {weekly: [fri, sat], from: "22:00", to: "24:00"} and {weekly: [sat, sun], from: "00:00", to: "06:00"}`},
		{"{weekly: fri, from: 22:00, to: 00:00, reason: r}", `7:38: to "00:00": not after from`, `did you mean "24:00"?`},
		{"{weekly: fri, to: 00:00, reason: r}", `7:25: to "00:00": not after from`, `did you mean "24:00"?`},
		{"{weekly: fri, from: , reason: r}", "7:26: from: " + wantClock + ", found nothing", ""},
	}}
}
