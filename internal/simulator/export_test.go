package simulator

// Counted are the requests or seconds that a history's figure is computed from.
func (s *Server) Counted(id string, from, to int64) (good, total float64, err error) {
	f, err := s.figure(s.slo(id), asked{window: span{from, to}, now: s.now()})
	return f.good, f.total, err
}

// SelectsTags reports whether a search for SLOs by their tags can be read, and
// whether it selects one with these tags.
func SelectsTags(query string, tags []string) (selects, readable bool) {
	search, err := parseTagSearch(query)
	return err == nil && search(tags), err == nil
}
