package apm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
)

// choose picks the environment of each service and puts its operations in order.
func (f *finder) choose(places []Place) (Catalog, error) {
	q := f.search
	if q.Env != "" {
		if envs := distinct(places, func(p Place) string { return p.Env }); !slices.Contains(envs, q.Env) {
			return Catalog{}, unknown(kindEnv, q.Env, envs)
		}
	}
	operation := strings.TrimSuffix(strings.TrimPrefix(q.Operation, namespace), hitsSuffix)
	if q.Operation != "" {
		operations := distinct(places, func(p Place) string { return p.Operation.Name })
		if slices.Contains(operations, q.Operation) {
			operation = q.Operation
		}
		if !slices.Contains(operations, operation) {
			return Catalog{}, unknown(kindOperation, q.Operation, operations)
		}
	}
	var c Catalog
	for _, service := range distinct(places, func(p Place) string { return p.Service }) {
		mine := slices.DeleteFunc(slices.Clone(places), func(p Place) bool {
			return p.Service != service || operation != "" && p.Operation.Name != operation
		})
		if len(mine) == 0 {
			continue
		}
		env, note := chosenEnv(mine, q.Env)
		if note.Code != "" && len(q.Services) > 0 {
			c.Notes = append(c.Notes, note)
		}
		slices.SortFunc(mine, func(a, b Place) int {
			return cmp.Or(cmp.Compare(interest(a.Operation.Name), interest(b.Operation.Name)),
				cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Operation.Name, b.Operation.Name), cmp.Compare(a.Env, b.Env))
		})
		there := len(c.Places)
		for _, p := range mine {
			if p.Env == env {
				c.Places = append(c.Places, p)
			} else {
				c.Others = append(c.Others, p)
			}
		}
		if len(c.Places) == there && len(q.Services) > 0 {
			c.Notes = append(c.Notes, slo.Note{Code: "service_not_there", Text: fmt.Sprintf("%s has no request in the environment %s", service, env)})
		}
	}
	if len(c.Places) == 0 {
		// The environment and the operation exist, but not together or not here.
		return Catalog{}, fmt.Errorf("looking for services: %w", &slo.Defect{
			Kind:    slo.Unsupported,
			Message: fmt.Sprintf("no request of that operation in the environment %s in %s", q.Env, q.Span),
			Hints:   []string{"leave --env or --operation out to see what there is"},
		})
	}
	return c, nil
}

// distinct are the different values of something, in order.
func distinct(places []Place, of func(Place) string) []string {
	var all []string
	for _, p := range places {
		all = append(all, of(p))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// chosenEnv is the environment of a service: the one that was asked for, or the
// only one, or the one whose name says production, or that with the most requests.
func chosenEnv(places []Place, asked string) (string, slo.Note) {
	envs := distinct(places, func(p Place) string { return p.Env })
	if asked != "" {
		return asked, slo.Note{}
	}
	if len(envs) == 1 {
		return envs[0], slo.Note{}
	}
	requests := map[string]float64{}
	for _, p := range places {
		requests[p.Env] += p.Requests
	}
	production := []string{"prod", "production", "prd", "live"}
	rank := func(env string) int {
		if i := slices.Index(production, strings.ToLower(env)); i >= 0 {
			return i
		}
		return len(production)
	}
	slices.SortFunc(envs, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(requests[b], requests[a]), cmp.Compare(a, b))
	})
	others := make([]string, len(envs)-1)
	for i, env := range envs[1:] {
		others[i] = cmp.Or(env, "(none)")
	}
	return envs[0], slo.Note{Code: "env_chosen", Text: fmt.Sprintf(
		"%s: the environment is %s; there are also %s (--env)", places[0].Service, cmp.Or(envs[0], "(none)"), list(others))}
}

// list writes names in one line, not all where there are many.
func list(names []string) string {
	const most = 6
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
