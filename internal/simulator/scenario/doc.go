// Package scenario holds the simulator's worlds: a YAML description of
// services, their endpoints, incidents, releases and SLOs, and the traffic
// that follows from it.
//
// The traffic is a function of the description alone. Every series has a
// cumulative count over time, so that the number of requests between two
// instants is one subtraction: sums at any interval agree exactly, and the
// same instant gives the same traffic to whoever asks.
//
// A world also states its truth, figures worked out by hand. Only tests read
// it; nothing that is served is taken from there.
//
// # The file
//
// All keys are optional but now. Instants are RFC 3339 or relative to now
// (-3d4h); durations are 90s, 5m, 36h or 12d; shares are percentages (2.5%).
//
//	title: one line about the world
//	now: 2026-11-23T09:30:00Z      # the instant the world was written for
//	history: 180d                  # traffic begins this long before now
//	seed: 7                        # another seed, another noise
//	noise: 4%                      # of each 300-second cell's traffic
//	dispersion: 20%                # counts of cells are left to chance: Poisson around a
//	                               # mean that itself varies by so much (gamma); 0% = Poisson
//	index_lag: 10m                 # age of the figures in the SLO search
//	rhythm: {hours: [24 numbers], weekend: 60%, holidays: [2026-11-11T00:00:00Z]}
//	                               # a holiday goes like a Sunday; only its UTC day counts
//	keys: [{api: …, app: …, scopes: [slos_read]}, {token: …}]
//	limits: [{name: metrics_query, limit: 300, period: 1h}] # names as in X-RateLimit-Name;
//	                               # metrics_query is v1's, metrics_query_v2 the other
//	group_limit: 500               # answers to metric queries hold the largest groups
//	                               # (by requests); SLO figures have all of them
//	services:
//	  - name: checkout             # another entry may have the same name and another operation
//	    operation: http.request    # trace.http.request.hits and so on
//	    version: 1.4.0             # before the first release
//	    flat: true                 # no rhythm, no noise
//	    http: false                # no http.* tags; a failure is only an error
//	    grpc: true                 # operation grpc.server, rpc.grpc.status_code instead of http.*;
//	                               # statuses are gRPC's codes, the rest is 0; 2, 4, 8, 12-15 are errors
//	    legacy: true               # the gauge trace.<operation>.duration, sums of seconds, instead
//	                               # of the distribution
//	    envs: {prod: 1, dev: 0.02} # factor on every rate
//	    endpoints:
//	      - resource: POST /pay
//	        rate: 2.5              # requests a second, mean of a weekday
//	        statuses: {404: 1%, 500: 0.01%}   # the rest is status 200
//	        latency: {median: 120ms, spread: 0.6}  # lognormal; spread 0 = constant
//	        from: -20d             # life of the endpoint
//	        to: -1d
//	        flat: true             # no rhythm, no noise
//	        rhythm: {hours: [24 numbers], weekend: 60%}   # its own; hours may be 0
//	      - {resource: 'GET /users/{n}', repeat: 2000, rate: 0.001}   # so many endpoints,
//	                               # {n} becomes 0001, 0002 …; they are hit at different times
//	counters: [{metric: httpservice.hits, tags: [code:2xx], rate: 5}]
//	gauges: [{metric: queue.depth, tags: [env:prod], value: 12}]
//	releases: [{service: checkout, at: -4d, version: 1.5.0}]
//	                               # dora: false: not known there; event: false: no event tells
//	events: [{at: -4d, title: …, text: …, source: my_apps, status: info, tags: ['service:checkout']}]
//	                               # beside those of releases and of monitors that change their state
//	incidents:
//	  - service: checkout          # or a glob; or metric and tags for counters
//	    env: prod                  # absent: all of them
//	    resource: POST /pay        # absent: all of them
//	    from: -4d
//	    for: 1h                    # or to; absent: it goes on
//	    ramp: 30m                  # the effect grows linearly over this long
//	    requests: 10               # factor on the traffic
//	    errors: 20%                # this share of requests gets the status
//	    status: 503                # default 500, for gRPC 13
//	    latency: 3                 # factor on every latency
//	monitors:
//	  - id: 24011001               # SLOs name it by this number
//	    name: Payment page loads
//	    type: query alert          # as on the wire; with a test: synthetics alert
//	    query, tags, created, modified
//	    options: {on_missing_data: show_no_data}   # served as they are; they
//	                               # decide how time without data counts
//	    test: k7d-w2p-9xq          # public id of the synthetic test behind it
//	    phase: 23s                 # it is evaluated so long after each full minute:
//	                               # 14:00:00 below is 14:00:23 in its history
//	    from: -20d                 # it came to be then; absent: always existed
//	    down: [{from: -4d, for: 1h}]       # or to; absent: it goes on
//	    no_data: [{from: -3d, to: -2d}]    # without data, or paused
//	    groups: [{name: 'host:a', from: -2d, down: […], no_data: […]}]
//	                               # a synthetic test has both, other monitors
//	                               # either groups or states of their own
//	    no_results: true           # created seconds ago, no history yet
//	    deleted: true              # SLOs still name it
//	slos:                          # one of three types
//	  - name: checkout availability        # requests
//	    good, bad, total: a metric query each; good and one of the others
//	    shape: both                # both | query | nested | unknown
//	  - name: checkout is fast             # time slices
//	    slice:
//	      queries: {query1: 'avg:trace.http.request{service:checkout}'}
//	      formula: query1          # may be left out with one query
//	      comparator: '<='         # a slice is good when this holds
//	      threshold: 3
//	      seconds: 300             # or 60; absent: left out on the wire
//	      no_data_strategy: COUNT_AS_DOWNTIME      # served as it is
//	  - name: checkout works               # monitors
//	    monitors: [24011001]
//	    groups: ['host:a']         # of a single monitor; absent: all of them
//	  - name: all of them have
//	    thresholds: [{timeframe: 30d, target: 99.9, warning: 99.95}]
//	    tags, description, created, modified, id
//	    index_lag: 20m             # instead of the world's
//	    datadog: how Datadog's own figure deviates from its documentation
//	      corrections: ignored
//	      edge: overlap            # or inside: other rule for a bucket or slice
//	                               # that a correction touches in part
//	      missing: down            # slices without a value, monitors without data
//	      groups: ['env:prod']     # only these count
//	      decimals: 2              # the percentage is cut
//	      behind: 20m              # of a window that ended so much earlier
//	      late: 10m                # before the newest data had arrived
//	      since: modified          # only what came after the last edit
//	      preview: true            # only up to the last transition
//	      off_by: -0.05            # for no reason at all
//	  - raw: '{"id":…}'            # any JSON value, served as it is
//	corrections:                   # status corrections
//	  - slo: checkout availability # or query: 'env:prod service:checkout'
//	    start: -3d
//	    for: 2h                    # or end
//	    category: Scheduled Maintenance    # default Other
//	    description, timezone      # default UTC; only for show
//	  - {slo: …, start: …, rrule: FREQ=DAILY;COUNT=5, duration: 1h}
//	  - raw: '{"id":…}'
//	truth: [{slo: …, timeframe: 30d, at: -14d, good: 1, total: [1, 2], state: ok}]
//	                               # seconds for time slices and monitors. What is
//	                               # documented; where Datadog's own figure
//	                               # deviates the truth does not
//
// Services and slos may carry "repeat: 500", and {n} becomes 001, 002 and so on,
// or "each: [prod, dev]", and {each} becomes the one and the other: in a service's
// name, in an SLO's name, tags and queries. Corrections are without them.
package scenario
