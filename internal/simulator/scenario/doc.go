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
//	index_lag: 10m                 # age of the figures in the SLO search
//	rhythm: {hours: [24 numbers], weekend: 60%}
//	keys: [{api: …, app: …, scopes: [slos_read]}, {token: …}]
//	limits: [{name: metrics_query, limit: 300, period: 1h}] # names as in X-RateLimit-Name;
//	                               # metrics_query is v1's, metrics_query_v2 the other
//	services:
//	  - name: checkout
//	    operation: http.request    # trace.http.request.hits and so on
//	    version: 1.4.0             # before the first release
//	    flat: true                 # no rhythm, no noise
//	    http: false                # no http.* tags; a failure is only an error
//	    envs: {prod: 1, dev: 0.02} # factor on every rate
//	    endpoints:
//	      - resource: POST /pay
//	        rate: 2.5              # requests a second, mean of a weekday
//	        statuses: {404: 1%, 500: 0.01%}   # the rest is status 200
//	        latency: {median: 120ms, spread: 0.6}  # lognormal; spread 0 = constant
//	        from: -20d             # life of the endpoint
//	        to: -1d
//	counters: [{metric: httpservice.hits, tags: [code:2xx], rate: 5}]
//	gauges: [{metric: queue.depth, tags: [env:prod], value: 12}]
//	releases: [{service: checkout, at: -4d, version: 1.5.0}]
//	incidents:
//	  - service: checkout          # or a glob; or metric and tags for counters
//	    env: prod                  # absent: all of them
//	    resource: POST /pay        # absent: all of them
//	    from: -4d
//	    for: 1h                    # or to; absent: it goes on
//	    ramp: 30m                  # the effect grows linearly over this long
//	    requests: 10               # factor on the traffic
//	    errors: 20%                # this share of requests gets the status
//	    status: 503                # default 500
//	    latency: 3                 # factor on every latency
//	slos:
//	  - name: checkout availability
//	    good, bad, total: a metric query each; good and one of the others
//	    thresholds: [{timeframe: 30d, target: 99.9, warning: 99.95}]
//	    tags, description, created, modified, id
//	    shape: both                # both | query | nested | unknown
//	  - raw: '{"id":…}'            # any JSON value, served as it is
//	truth: [{slo: …, timeframe: 30d, at: -14d, good: 1, total: [1, 2], state: ok}]
//
// Services and slos may carry "repeat: 500", and {n} becomes 001, 002 and so on,
// or "each: [prod, dev]", and {each} becomes the one and the other: in a service's
// name, in an SLO's name, tags and queries.
package scenario
