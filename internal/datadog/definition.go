package datadog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
)

// wireSLO is an SLO object of the API. Each field stays raw until it is read,
// so that one of an unexpected kind is a defect of its own.
type wireSLO struct {
	ID               json.RawMessage
	Name             json.RawMessage
	Description      json.RawMessage
	Tags             json.RawMessage
	Type             json.RawMessage
	Timeframe        json.RawMessage
	Thresholds       json.RawMessage
	TargetThreshold  json.RawMessage `json:"target_threshold"`
	WarningThreshold json.RawMessage `json:"warning_threshold"`
	Query            json.RawMessage
	Specification    json.RawMessage `json:"sli_specification"`
	MonitorIDs       json.RawMessage `json:"monitor_ids"`
	Groups           json.RawMessage
	CreatedAt        json.RawMessage `json:"created_at"`
	ModifiedAt       json.RawMessage `json:"modified_at"`
}

// DecodeDefinition reads an SLO object in the shape of Datadog's API, which is
// also the shape of a definition in slo.yaml once that is JSON. It always
// returns a Definition: what could not be understood is said in its Defect,
// and whatever else could be read is kept. Source is [slo.FromDatadog].
func DecodeDefinition(raw json.RawMessage) slo.Definition {
	d := slo.Definition{Source: slo.FromDatadog}
	var w wireSLO
	if isNull(raw) || json.Unmarshal(raw, &w) != nil {
		d.Defect = invalid("this SLO is not a JSON object, so nothing of it could be read")
		return d
	}
	d.ID = textOf(w.ID)
	d.Name = textOf(w.Name)
	d.Description = textOf(w.Description)
	d.Created, d.Modified = instantOf(w.CreatedAt), instantOf(w.ModifiedAt)
	for _, tag := range listOf(w.Tags) {
		if t := textOf(tag); t != "" {
			d.Tags = append(d.Tags, t)
		}
	}
	if d.Name == "" && d.ID != "" {
		d.Name = d.ID
		d.Notes = append(d.Notes, slo.Note{Code: "name_missing", Text: "the SLO has no name; its id stands in"})
	}
	decodeObjectives(&d, w)
	decodeSLI(&d, w)
	if d.ID == "" {
		d.Defect = cmp.Or(d.Defect, invalid("the SLO has no id"))
	}
	return d
}

func invalid(format string, args ...any) *slo.Defect {
	return &slo.Defect{Kind: slo.Invalid, Message: fmt.Sprintf(format, args...)}
}

func unsupported(format string, args ...any) *slo.Defect {
	return &slo.Defect{Kind: slo.Unsupported, Message: fmt.Sprintf(format, args...)}
}

// decodeSLI reads what is measured, by the type of the SLO.
func decodeSLI(d *slo.Definition, w wireSLO) {
	var defect *slo.Defect
	d.Type = slo.Type(textOf(w.Type))
	switch d.Type {
	case slo.Metric:
		var sli slo.EventSLI
		var notes []slo.Note
		sli, notes, defect = decodeEventSLI(w)
		d.SLI, d.Notes = sli, append(d.Notes, notes...)
	case slo.TimeSlice:
		var sli slo.SliceSLI
		sli, defect = decodeSliceSLI(w)
		d.SLI = sli
		if sli.NoDataStrategy != "" {
			d.Notes = append(d.Notes, slo.Note{
				Code: "no_data_strategy",
				Text: fmt.Sprintf("Datadog's undocumented no_data_strategy is %s; slices without data are counted as up, as documented", clean(sli.NoDataStrategy, 60)),
			})
		}
	case slo.Monitor:
		var sli slo.MonitorSLI
		sli, defect = decodeMonitorSLI(w)
		d.SLI = sli
	case "":
		defect = invalid("the SLO has no type; want metric, time_slice or monitor")
	default:
		defect = unsupported("the SLO type %q is not known to this version of slo", clean(string(d.Type), 40))
	}
	if d.Defect == nil {
		d.Defect = defect
	}
}

// decodeObjectives reads the targets of all timeframes.
func decodeObjectives(d *slo.Definition, w wireSLO) {
	thresholds := listOf(w.Thresholds)
	if len(thresholds) == 0 && !isNull(w.TargetThreshold) {
		// Objects may carry the primary timeframe and its target alone.
		lone, err := json.Marshal(map[string]json.RawMessage{
			"timeframe": orNull(w.Timeframe), "target": w.TargetThreshold, "warning": orNull(w.WarningThreshold),
		})
		if err == nil {
			thresholds = []json.RawMessage{lone}
		}
	}
	for _, raw := range thresholds {
		objective, notes, defect := decodeObjective(raw)
		d.Notes = append(d.Notes, notes...)
		if defect != nil {
			d.Defect = cmp.Or(d.Defect, defect)
			continue
		}
		if objective.Timeframe == 0 {
			continue
		}
		same := slices.IndexFunc(d.Objectives, func(o slo.Objective) bool { return o.Timeframe == objective.Timeframe })
		switch {
		case same < 0:
			d.Objectives = append(d.Objectives, objective)
		case d.Objectives[same].Target != objective.Target:
			d.Defect = cmp.Or(d.Defect, invalid("the SLO has two targets for %s, %s and %s",
				objective.Timeframe, d.Objectives[same].Target, objective.Target))
		}
	}
	slices.SortFunc(d.Objectives, func(a, b slo.Objective) int { return int(a.Timeframe - b.Timeframe) })
	if len(d.Objectives) == 0 {
		d.Defect = cmp.Or(d.Defect, invalid("the SLO has no target for a timeframe that slo knows (7d, 30d, 90d)"))
	}
	if primary, err := slo.ParseTimeframe(textOf(w.Timeframe)); err == nil {
		if slices.ContainsFunc(d.Objectives, func(o slo.Objective) bool { return o.Timeframe == primary }) {
			d.Primary = primary
		}
	}
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}

// decodeObjective reads one threshold. A timeframe that is not a length gives
// a note and the zero Objective: the other timeframes are still good.
func decodeObjective(raw json.RawMessage) (slo.Objective, []slo.Note, *slo.Defect) {
	var w struct{ Timeframe, Target, Warning json.RawMessage }
	if isNull(raw) || json.Unmarshal(raw, &w) != nil {
		return slo.Objective{}, nil, invalid("a threshold of the SLO is not an object with timeframe and target")
	}
	name := textOf(w.Timeframe)
	timeframe, err := slo.ParseTimeframe(name)
	if err != nil {
		return slo.Objective{}, []slo.Note{{
			Code: "unknown_timeframe",
			Text: fmt.Sprintf("the target for the timeframe %q is left out: its length is not known", clean(name, 40)),
		}}, nil
	}
	target, err := decodeTarget(w.Target)
	if err != nil {
		return slo.Objective{}, nil, invalid("the target for %s: %v", timeframe, err)
	}
	objective := slo.Objective{Timeframe: timeframe, Target: target}
	if isNull(w.Warning) {
		return objective, nil, nil
	}
	warning, err := decodeTarget(w.Warning)
	switch {
	case err != nil:
		return objective, []slo.Note{{Code: "warning_ignored", Text: fmt.Sprintf("the warning for %s is ignored: %v", timeframe, err)}}, nil
	case warning <= target:
		return objective, []slo.Note{{
			Code: "warning_ignored",
			Text: fmt.Sprintf("the warning for %s is ignored: %s is not above the target %s", timeframe, warning, target),
		}}, nil
	}
	objective.Warning = warning
	return objective, nil, nil
}

func decodeTarget(raw json.RawMessage) (slo.Target, error) {
	if isNull(raw) {
		return 0, fmt.Errorf("it is missing; want a percentage such as 99.9")
	}
	percent, err := numberOf(raw)
	if err != nil {
		return 0, err
	}
	return slo.TargetFromFloat(percent)
}

// decodeSliceSLI reads the specification of a time slice SLO.
func decodeSliceSLI(w wireSLO) (slo.SliceSLI, *slo.Defect) {
	var spec struct {
		TimeSlice *struct {
			Query          formulaQuery
			Comparator     json.RawMessage
			Threshold      json.RawMessage
			Interval       json.RawMessage `json:"query_interval_seconds"`
			NoDataStrategy json.RawMessage `json:"no_data_strategy"`
		} `json:"time_slice"`
	}
	if isNull(w.Specification) || json.Unmarshal(w.Specification, &spec) != nil || spec.TimeSlice == nil {
		return slo.SliceSLI{}, invalid("the time slice SLO has no sli_specification.time_slice that slo could read")
	}
	wire := spec.TimeSlice
	sli := slo.SliceSLI{Comparator: textOf(wire.Comparator), NoDataStrategy: textOf(wire.NoDataStrategy), Seconds: 300}
	if sli.NoDataStrategy == "" && !isNull(wire.NoDataStrategy) {
		sli.NoDataStrategy = clean(string(wire.NoDataStrategy), 60)
	}
	var defect *slo.Defect
	if sli.Formula, sli.Queries, defect = wire.Query.read(); defect != nil {
		return sli, defect
	}
	if defect = checkReferences(sli.Formula, sli.Queries); defect != nil {
		return sli, defect
	}
	if !slices.Contains([]string{">", ">=", "<", "<="}, sli.Comparator) {
		return sli, invalid("the comparator of the time slice SLO is %q; want one of > >= < <=", clean(sli.Comparator, 20))
	}
	threshold, err := numberOf(wire.Threshold)
	if err != nil {
		return sli, invalid("the threshold of the time slice SLO: %v", err)
	}
	sli.Threshold = threshold
	if !isNull(wire.Interval) {
		seconds, err := integerOf(wire.Interval)
		if err != nil || seconds != 60 && seconds != 300 {
			return sli, invalid("query_interval_seconds of the time slice SLO is %s; want 60 or 300", clean(string(wire.Interval), 20))
		}
		sli.Seconds = seconds
	}
	return sli, nil
}

// decodeMonitorSLI reads which monitors a monitor SLO watches.
func decodeMonitorSLI(w wireSLO) (slo.MonitorSLI, *slo.Defect) {
	var sli slo.MonitorSLI
	for _, raw := range listOf(w.MonitorIDs) {
		id, err := integerOf(raw)
		if err != nil || id <= 0 {
			return sli, invalid("%s is not the id of a monitor", clean(string(raw[:min(len(raw), 60)]), 40))
		}
		if !slices.Contains(sli.MonitorIDs, id) {
			sli.MonitorIDs = append(sli.MonitorIDs, id)
		}
	}
	for _, raw := range listOf(w.Groups) {
		if g := strings.TrimSpace(textOf(raw)); g != "" {
			sli.Groups = append(sli.Groups, g)
		}
	}
	if len(sli.MonitorIDs) == 0 {
		return sli, invalid("the monitor SLO names no monitor")
	}
	return sli, nil
}
