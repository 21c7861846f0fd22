// Reads everything that slo asks of Datadog from a simulator, by Datadog's own
// TypeScript client, and checks what the client makes of it.
//
//   node client.mjs URL WORLD NOW
//
// It prints one line a check. The exit code is 1 when one of them fails.

import datadog from "@datadog/datadog-api-client";
import { Checks, isMillisecond, isNumber, isSecond, isText, total, transitions, unread, uptime } from "./checks.mjs";

const { client, logger, v1, v2 } = datadog;
const day = 86400;
// The target that histories are asked with, to be told what is left of its error budget.
const target = 99.5;

/** connect points the client at a server other than Datadog. */
function connect(url, httpApi) {
  const configuration = client.createConfiguration({
    authMethods: { apiKeyAuth: "any-api-key", appKeyAuth: "any-application-key" },
    ...(httpApi && { httpApi }),
  });
  configuration.servers = [new client.ServerConfiguration(url, {})];
  configuration.operationServers = {};
  configuration.unstableOperations["v2.getSloStatus"] = true;
  return configuration;
}

/**
 * WithReadableParts makes histories with groups or monitors readable. In their
 * tracks Datadog answers with precision as a map and specifies a number, over
 * which this client stumbles. The map is replaced by one of its numbers.
 */
class WithReadableParts {
  constructor() {
    this.wire = new client.IsomorphicFetchHttpLibrary();
    this.tracks = 0;
    this.maps = 0;
  }

  async send(request) {
    const answer = await this.wire.send(request);
    if (!request.getUrl().includes("/history")) {
      return answer;
    }
    const body = JSON.parse(await answer.body.text());
    for (const track of [...(body.data?.groups ?? []), ...(body.data?.monitors ?? [])]) {
      const decimals = Object.values(track.precision ?? {});
      this.tracks++;
      this.maps += decimals.length > 0 && decimals.every(Number.isInteger) ? 1 : 0;
      track.precision = decimals[0];
    }
    const text = JSON.stringify(body);
    return new client.ResponseContext(answer.httpStatusCode, answer.headers, {
      text: async () => text,
      binary: async () => Buffer.from(text),
    });
  }
}

/** Session is one run against one world. */
class Session {
  constructor(url, world, now) {
    this.checks = new Checks(world);
    this.now = now;
    this.from = now - 7 * day;
    this.known = new Map();
    this.parts = new WithReadableParts();
    this.plain = connect(url);
    this.slos = new v1.ServiceLevelObjectivesApi(this.plain);
    this.histories = new v1.ServiceLevelObjectivesApi(connect(url, this.parts));
    this.corrections = new v1.ServiceLevelObjectiveCorrectionsApi(this.plain);
    this.monitors = new v1.MonitorsApi(this.plain);
    this.metrics = new v1.MetricsApi(this.plain);
  }

  async run() {
    for (const name of [
      "keys", "objectives", "searching", "metricHistories", "timeHistories", "parted", "correctionList",
      "correctionEffects", "monitorList", "metricQueries", "percentiles", "events", "deployments", "statuses", "uptimes", "refusals",
    ]) {
      await this.checks.section(name, () => this[name]());
    }
    return this.checks;
  }

  of(type) {
    return this.all.filter((slo) => slo.type === type);
  }

  /** understood checks that the client read the whole answer, and returns it. */
  understood(name, answer) {
    this.checks.none(`${name}: every part is read`, unread(answer));
    return answer;
  }

  /** history is that of the last seven days, asked for once: the endpoint has a rate limit. */
  history(slo, applyCorrection = true) {
    const key = `${slo.id} ${applyCorrection}`;
    if (!this.known.has(key)) {
      this.known.set(key, this.histories.getSLOHistory({ sloId: slo.id, fromTs: this.from, toTs: this.now, target, applyCorrection }));
    }
    return this.known.get(key);
  }

  async keys() {
    const answer = await new v1.AuthenticationApi(this.plain).validate();
    this.checks.same("validate: the keys are valid", answer.valid, true);
  }

  async objectives() {
    const { checks } = this;
    const list = this.understood("list", await this.slos.listSLOs({ limit: 1000 }));
    this.all = list.data;
    checks.that("list: it is a list of objectives", list instanceof v1.SLOListResponse && this.all.every((s) => s instanceof v1.ServiceLevelObjective));
    checks.that("list: each has an id of its own", new Set(this.all.map((s) => s.id)).size === this.all.length && this.all.every((s) => isText(s.id)));
    checks.that("list: names, tags and times", this.all.every((s) => isText(s.name) && Array.isArray(s.tags) && isSecond(s.createdAt) && isSecond(s.modifiedAt)));
    checks.none("list: targets are numbers", this.all.filter((s) => !s.thresholds.every((t) => t instanceof v1.SLOThreshold && isNumber(t.target) && isText(t.targetDisplay) && ["7d", "30d", "90d"].includes(t.timeframe))).map((s) => s.name));
    for (const type of ["metric", "time_slice", "monitor"]) {
      checks.that(`list: there is an objective of type ${type}`, this.of(type).length > 0);
    }
    // Objectives that were last edited years ago have no specification.
    checks.none("list: metric objectives have both queries, and at most one specification", this.of("metric").filter((s) => !isText(s.query?.numerator) || !isText(s.query?.denominator) || !(s.sliSpecification === undefined || s.sliSpecification instanceof v1.SLOCountSpec)).map((s) => s.name));
    checks.that("list: some metric objectives have a specification", this.of("metric").some((s) => isText(s.sliSpecification?.count.goodEventsFormula?.formula)));
    checks.none("list: time slice objectives have a specification", this.of("time_slice").filter((s) => {
      const slice = s.sliSpecification?.timeSlice;
      return !(s.sliSpecification instanceof v1.SLOTimeSliceSpec) || ![">", ">=", "<", "<="].includes(slice.comparator) ||
        ![undefined, 60, 300].includes(slice.queryIntervalSeconds) || !isNumber(slice.threshold) || !isText(slice.query.formulas[0].formula) ||
        !slice.query.queries.every((q) => isText(q.name) && isText(q.query));
    }).map((s) => s.name));
    checks.none("list: monitor objectives name their monitors", this.of("monitor").filter((s) => !s.monitorIds?.length || !s.monitorIds.every(Number.isInteger)).map((s) => s.name));

    const paged = [];
    for await (const slo of this.slos.listSLOsWithPagination({ limit: 4 })) {
      paged.push(slo.id);
    }
    checks.same("list: pages of four give the same", paged, this.all.map((s) => s.id));

    for (const type of ["metric", "time_slice", "monitor"]) {
      const [slo] = this.of(type);
      const one = this.understood(`get ${type}`, await this.slos.getSLO({ sloId: slo.id }));
      checks.that(`get ${type}: it is an objective`, one.data instanceof v1.SLOResponseData);
      checks.same(`get ${type}: the same as in the list`, pick(one.data), pick(slo));
    }
  }

  async searching() {
    const { checks } = this;
    const found = [];
    for (let page = 0; ; page++) {
      const answer = await this.slos.searchSLO({ pageSize: 10, pageNumber: page });
      if (page === 0) {
        this.understood("search", answer);
        checks.same("search: the total", answer.meta.pagination.total, this.all.length);
      }
      found.push(...answer.data.attributes.slos.map((s) => s.data));
      if (answer.data.attributes.slos.length < 10) {
        break;
      }
    }
    checks.same("search: the same objectives as in the list", found.map((s) => s.id).sort(), this.all.map((s) => s.id).sort());
    const statuses = found.flatMap((s) => s.attributes.overallStatus.map((status) => ({ name: s.attributes.name, ...status })));
    checks.that("search: there is a status for every timeframe", statuses.length === total(this.all.map((s) => s.thresholds.length)));
    checks.none("search: a status has a figure or an error", statuses.filter((s) => !(isNumber(s.status) && isNumber(s.errorBudgetRemaining)) && !isText(s.error)).map((s) => s.name));
    checks.none("search: a status knows its state and when it was computed", statuses.filter((s) => !["ok", "warning", "breached", "no_data"].includes(s.state) || !isSecond(s.indexedAt) || s.indexedAt > this.now).map((s) => s.name));
  }

  async metricHistories() {
    const { checks } = this;
    let figures = 0;
    for (const slo of this.of("metric")) {
      const name = `history of ${slo.name}`;
      const { data, errors } = this.understood(name, await this.history(slo));
      const { overall, series } = data;
      checks.that(`${name}: no error, the window that was asked for`, !errors?.length && data.fromTs === this.from && data.toTs === this.now && data.type === "metric");
      checks.that(`${name}: both series are read`, series instanceof v1.SLOHistoryMetrics && series.numerator instanceof v1.SLOHistoryMetricsSeries && series.denominator instanceof v1.SLOHistoryMetricsSeries);
      checks.that(`${name}: times are milliseconds, in order`, series.times.every((t, i) => isMillisecond(t) && (i === 0 || t > series.times[i - 1])));
      checks.that(`${name}: as many values as times`, series.numerator.values.length === series.times.length && series.denominator.values.length === series.times.length);
      checks.that(`${name}: sums are those of the values`, close(series.numerator.sum, total(series.numerator.values)) && close(series.denominator.sum, total(series.denominator.values)));
      if (!isNumber(overall.sliValue)) {
        checks.that(`${name}: no figure, and an error that says why`, overall.errors?.length > 0 && overall.errors.every((e) => e instanceof v1.SLOHistoryResponseErrorWithType && isText(e.errorType) && isText(e.errorMessage)));
        continue;
      }
      figures++;
      checks.same(`${name}: sli_value is 100 * numerator / denominator`, overall.sliValue, (100 * series.numerator.sum) / series.denominator.sum);
      const remaining = 100 * (1 - (100 - overall.sliValue) / (100 - target));
      checks.that(`${name}: what is left of the budget`, Math.abs(overall.errorBudgetRemaining.custom - remaining) < 0.002, `got ${overall.errorBudgetRemaining.custom}, want ${remaining}`);
      checks.that(`${name}: decimals by timeframe`, isNumber(overall.spanPrecision) && Object.values(overall.precision).every(isNumber));
      checks.that(`${name}: thresholds by timeframe`, data.thresholds.custom instanceof v1.SLOThreshold && data.thresholds.custom.target === target);
    }
    checks.that("metric histories: some have a figure", figures > 0);
  }

  async timeHistories() {
    const { checks } = this;
    let figures = 0;
    for (const slo of [...this.of("time_slice"), ...this.of("monitor")]) {
      const name = `history of ${slo.name}`;
      // Transitions are uncorrected, so only then do they give the figure.
      const { data, errors } = this.understood(name, await this.history(slo, false));
      const { overall } = data;
      checks.that(`${name}: no error, the window that was asked for`, !errors?.length && data.fromTs === this.from && data.toTs === this.now && data.type === slo.type);
      checks.that(`${name}: there are no series`, data.series === undefined);
      if (!isNumber(overall.sliValue)) {
        checks.that(`${name}: no figure, and an error that says why`, overall.errors?.length > 0);
        continue;
      }
      const tracks = [overall, ...(data.groups ?? []), ...(data.monitors ?? [])];
      checks.none(`${name}: transitions are pairs, in order`, tracks.flatMap((t) => transitions(t.name, t.history)));
      checks.that(`${name}: whether it is final`, tracks.every((t) => typeof t.preview === "boolean"));
      checks.that(`${name}: groups and monitors have names`, tracks.slice(1).every((t) => t instanceof v1.SLOHistoryMonitor && isText(t.name)));
      if (slo.type === "monitor") {
        const monitored = data.monitors?.length ? data.monitors : [overall];
        checks.that(`${name}: the type of its monitors, and when they were edited`, monitored.every((t) => isText(t.monitorType) && isSecond(t.monitorModified)));
        checks.same(`${name}: as many monitors as it has`, data.monitors?.length ?? 1, slo.monitorIds.length);
      }
      for (const track of tracks) {
        const want = uptime(track.history, this.from, this.now);
        if (want !== undefined && !track.errors?.length) {
          figures++;
          checks.same(`${name}: sli_value of ${track.name} is its uptime as a float32`, track.sliValue, want);
        }
      }
    }
    checks.that("time-based histories: some have a figure", figures > 0);
  }

  /** Histories with groups or monitors do not survive this client as they come over the wire. */
  async parted() {
    const { checks } = this;
    let refused = 0;
    for (const slo of [...this.of("time_slice"), ...this.of("monitor")]) {
      const { data } = await this.history(slo, false);
      if (!data.groups?.length && !data.monitors?.length) {
        continue;
      }
      try {
        await this.slos.getSLOHistory({ sloId: slo.id, fromTs: this.from, toTs: this.now });
        checks.that(`history of ${slo.name}: precision is a map as on Datadog's wire`, false, "the client could read it");
      } catch (error) {
        refused++;
        checks.that(`history of ${slo.name}: precision is a map as on Datadog's wire`, error instanceof TypeError && error.message === "unknown type 'number'", error.stack);
      }
    }
    checks.that("histories: some have groups or monitors", refused > 0 || checks.world !== "default");
    checks.same("histories: as many maps of whole decimals as groups and monitors", this.parts.maps, this.parts.tracks);
  }

  async correctionList() {
    const { checks } = this;
    const list = this.understood("corrections", await this.corrections.listSLOCorrection({ limit: 1000 }));
    const paged = [];
    for await (const correction of this.corrections.listSLOCorrectionWithPagination({ limit: 2 })) {
      paged.push(correction.id);
    }
    checks.same("corrections: pages of two give the same", paged, list.data.map((c) => c.id));
    checks.that("corrections: there are some", list.data.length > 0);
    this.corrected = list.data;
    const wrong = [];
    for (const c of list.data) {
      const a = c.attributes;
      const complain = (what) => wrong.push(`${c.id} ${what}: ${JSON.stringify(a)}`);
      if (!(c instanceof v1.SLOCorrection) || c.type !== "correction" || !(a instanceof v1.SLOCorrectionResponseAttributes)) complain("is no correction");
      if (isText(a.sloId) === isText(a.sloQuery)) complain("needs one of sloId and sloQuery");
      if (!isSecond(a.start)) complain("has no start");
      if (isText(a.rrule) ? !/^FREQ=[A-Z]+(;[A-Z]+=[^;]+)*$/.test(a.rrule) || !(a.duration > 0) : !isSecond(a.end) || a.end <= a.start) complain("has neither an end nor a rule with a duration");
      if (!isText(a.timezone) || !isText(a.category)) complain("lacks timezone or category");
      if (a.createdAt !== null && !isSecond(a.createdAt)) complain("has no time of its making");
      if (!(a.creator instanceof v1.Creator)) complain("has no creator");
    }
    checks.none("corrections: instants, rules and owners", wrong);

    if (list.data.length > 0) {
      const [first] = list.data;
      const one = this.understood("get a correction", await this.corrections.getSLOCorrection({ sloCorrectionId: first.id }));
      checks.same("get a correction: the same as in the list", one.data, first);
    }
    for (const id of new Set(list.data.map((c) => c.attributes.sloId).filter(isText))) {
      const slo = this.all.find((s) => s.id === id);
      checks.that(`corrections of ${id}: the objective exists`, slo !== undefined);
      const of = this.understood(`corrections of ${slo.name}`, await this.slos.getSLOCorrections({ sloId: id }));
      // The client has no parameter for the next page.
      const own = list.data.filter((c) => c.attributes.sloId === id).map((c) => c.id);
      const got = of.data.map((c) => c.id);
      checks.that(`corrections of ${slo.name}: they are in the list, ten at most`, got.length > 0 && got.length <= 10 && got.every((g) => list.data.some((c) => c.id === g)) && (of.data.length === 10 || own.every((o) => got.includes(o))), { got, own });
    }
  }

  /** What the world of corrections has, and that histories apply it. */
  async correctionEffects() {
    if (this.checks.world !== "corrections") {
      return;
    }
    const { checks, corrected } = this;
    checks.that("corrections: one recurs by COUNT", corrected.some((c) => /COUNT=/.test(c.attributes.rrule)));
    checks.that("corrections: one recurs on some weekdays", corrected.some((c) => /BYDAY=/.test(c.attributes.rrule)));
    checks.that("corrections: one selects by a query", corrected.some((c) => isText(c.attributes.sloQuery)));
    for (const slo of this.all) {
      const { overall } = (await this.history(slo)).data;
      const without = (await this.history(slo, false)).data.overall;
      checks.that(`corrections of ${slo.name}: a figure without them`, isNumber(without.sliValue));
      if (/^(once|overlapping|three times):/.test(slo.name)) {
        checks.that(`corrections of ${slo.name}: they excuse trouble`, overall.sliValue > without.sliValue, `${overall.sliValue} with them, ${without.sliValue} without`);
      }
    }
  }

  async monitorList() {
    const { checks } = this;
    const list = this.understood("monitors", await this.monitors.listMonitors());
    checks.that("monitors: each has a number, a name, a query and options", list.every((m) => m instanceof v1.Monitor && Number.isInteger(m.id) && isText(m.name) && typeof m.query === "string" && m.options instanceof v1.MonitorOptions));
    checks.that("monitors: created and modified are dates", list.every((m) => m.created instanceof Date && m.modified instanceof Date && m.modified >= m.created));
    const paged = [];
    for await (const monitor of this.monitors.listMonitorsWithPagination({ pageSize: 2 })) {
      paged.push(monitor.id);
    }
    checks.same("monitors: pages of two give the same", paged, list.map((m) => m.id));
    for (const id of new Set(this.of("monitor").flatMap((s) => s.monitorIds))) {
      const one = this.understood(`monitor ${id}`, await this.monitors.getMonitor({ monitorId: id }));
      checks.same(`monitor ${id}: the same as in the list`, pick(one), pick(list.find((m) => m.id === id)));
    }
    const found = this.understood("search monitors", await this.monitors.searchMonitors({ perPage: 100 }));
    checks.same("search monitors: the same as in the list", found.monitors.map((m) => m.id).sort(), list.map((m) => m.id).sort());
    const groups = this.understood("search groups", await this.monitors.searchMonitorGroups({ perPage: 100 }));
    checks.that("search groups: each belongs to a monitor", groups.groups.every((g) => list.some((m) => m.id === g.monitorId)));
  }

  async metricQueries() {
    const { checks } = this;
    const { metrics: names } = this.understood("active metrics", await this.metrics.listActiveMetrics({ from: this.now - day }));
    checks.that("active metrics: there are some", names.length > 0 && names.every(isText));
    const hits = names.filter((n) => n.endsWith(".hits"));
    checks.that("active metrics: one counts requests", hits.length > 0);
    for (const metric of hits) {
      const metadata = this.understood(`metadata of ${metric}`, await this.metrics.getMetricMetadata({ metricName: metric }));
      checks.same(`metadata of ${metric}: it counts`, metadata.type, "count");

      const from = this.now - day;
      const query = `sum:${metric}{*} by {service}.as_count()`;
      const old = this.understood(`${query} by v1`, await this.metrics.queryMetrics({ from, to: this.now, query: `${query}.rollup(sum, 300)` }));
      checks.that(`${query} by v1: series of points`, old.status === "ok" && old.series.length > 0 && old.series.every((s) => s instanceof v1.MetricsQueryMetadata && s.interval === 300 && s.pointlist.every((p) => p.length === 2 && isMillisecond(p[0]) && isNumber(p[1]))));

      const body = {
        data: {
          type: "timeseries_request",
          attributes: { from: from * 1000, to: this.now * 1000, interval: 300_000, formulas: [{ formula: "a" }], queries: [{ dataSource: "metrics", name: "a", query }] },
        },
      };
      const api = new v2.MetricsApi(this.plain);
      const answer = this.understood(`${query} by v2`, await api.queryTimeseriesData({ body }));
      const { series, times, values } = answer.data.attributes;
      checks.that(`${query} by v2: values on one axis of times`, series.length === values.length && values.every((v) => v.length === times.length && v.every((x) => x === null || isNumber(x))) && times.every(isMillisecond));
      checks.that(`${query} by v2: groups are tags`, series.every((s) => s.groupTags.length === 1 && s.groupTags[0].startsWith("service:") && s.queryIndex === 0));
      const byGroup = (pairs) => pairs.map(([name, sum]) => `${name} ${Math.round(sum)}`).sort();
      checks.same(
        `${query}: v1 and v2 count the same`,
        byGroup(old.series.map((s) => [s.tagSet[0], total(s.pointlist.map((p) => p[1]))])),
        byGroup(series.map((s, i) => [s.groupTags[0], total(values[i])])),
      );

      const scalar = this.understood(`${query} by v2, as numbers`, await api.queryScalarData({
        body: {
          data: {
            type: "scalar_request",
            attributes: { from: from * 1000, to: this.now * 1000, formulas: [{ formula: "a" }], queries: [{ dataSource: "metrics", name: "a", aggregator: "sum", query }] },
          },
        },
      }));
      const [group, number] = scalar.data.attributes.columns;
      checks.that(`${query} by v2: a column of groups and one of numbers`, group instanceof v2.GroupScalarColumn && number instanceof v2.DataScalarColumn);
      checks.same(`${query}: the numbers are the sums`, byGroup(number.values.map((v, i) => [`service:${group.values[i][0]}`, v])), byGroup(series.map((s, i) => [s.groupTags[0], total(values[i])])));
    }
  }

  async percentiles() {
    const { checks } = this;
    const queries = ["p50", "p99"].map((name) => ({ dataSource: "metrics", name, aggregator: "percentile", query: `${name}:trace.http.request{*} by {service}` }));
    const answer = this.understood("percentiles", await new v2.MetricsApi(this.plain).queryScalarData({
      body: { data: { type: "scalar_request", attributes: { from: this.from * 1000, to: this.now * 1000, queries } } },
    }));
    const [group, median, high] = answer.data.attributes.columns;
    checks.that("percentiles: a column of groups and two of seconds", group.values.length > 0 && [median, high].every((c) => c.values.length === group.values.length && c.meta.unit[0].name === "second"));
    checks.that("percentiles: the median is not above p99", median.values.every((v, i) => isNumber(v) && v > 0 && v <= high.values[i]));
  }

  async events() {
    const { checks } = this;
    const api = new v2.EventsApi(this.plain);
    const body = (limit) => ({ filter: { from: "now-30d", to: "now", query: "*" }, page: { limit }, sort: "timestamp" });
    const all = this.understood("events", await api.searchEvents({ body: body(1000) })).data;
    checks.that("events: there are some", all.length > 0 && all.every((e) => e instanceof v2.EventResponse && isText(e.id) && isText(e.attributes.attributes.title)));
    checks.that("events: one instant in two ways, in order", all.every((e, i) => isMillisecond(e.attributes.attributes.timestamp) && e.attributes.timestamp.getTime() === e.attributes.attributes.timestamp && (i === 0 || all[i - 1].attributes.timestamp <= e.attributes.timestamp)));
    const paged = [];
    for await (const event of api.searchEventsWithPagination({ body: body(3) })) {
      paged.push(event.id);
    }
    checks.same("events: pages add up to all of them", paged, all.map((e) => e.id));
    const alerts = all.filter((e) => e.attributes.tags.includes("source:alert"));
    checks.that("events: alerts name their monitor", alerts.length > 0 && alerts.every((e) => e.attributes.attributes.monitor instanceof v2.MonitorType && e.attributes.attributes.monitorId === e.attributes.attributes.monitor.id && /^\[(Triggered|Recovered|No data)/.test(e.attributes.attributes.title)));
    this.released = all.filter((e) => e.attributes.tags.includes("source:deployment"));
  }

  async deployments() {
    const { checks } = this;
    const attributes = { from: new Date((this.now - 30 * day) * 1000), to: new Date(this.now * 1000), limit: 1000, query: "service:*" };
    const { data } = this.understood("deployments", await new v2.DORAMetricsApi(this.plain).listDORADeployments({ body: { data: { type: "dora_deployments_list_request", attributes } } }));
    checks.that("deployments: they begin and end", data.every(({ attributes: a }) => isText(a.service) && isText(a.env) && isText(a.version) && a.startedAt < a.finishedAt));
    checks.same("deployments: as many as there are events of them", data.length, this.released.length);
  }

  async statuses() {
    const { checks } = this;
    const api = new v2.ServiceLevelObjectivesApi(this.plain);
    for (const type of ["metric", "time_slice", "monitor"]) {
      const [slo] = this.of(type);
      const { attributes } = this.understood(`status of ${type}`, await api.getSloStatus({ sloId: slo.id, fromTs: this.from, toTs: this.now })).data;
      const { overall } = (await this.history(slo)).data;
      checks.that(`status of ${type}: the figure of the history`, close(attributes.sli, overall.sliValue), `${attributes.sli} and ${overall.sliValue}`);
      checks.that(`status of ${type}: a state and a budget`, isText(attributes.state) && isNumber(attributes.errorBudgetRemaining));
    }
  }

  async uptimes() {
    const { checks } = this;
    const tests = (await this.monitors.listMonitors()).map((m) => m.options.syntheticsCheckId).filter(isText);
    if (tests.length === 0) {
      return;
    }
    const answer = this.understood("uptimes", await new v1.SyntheticsApi(this.plain).fetchUptimes({ body: { fromTs: this.from, toTs: this.now, publicIds: tests } }));
    checks.same("uptimes: one for each test", answer.map((u) => u.publicId).sort(), [...tests].sort());
    for (const { publicId, overall } of answer) {
      checks.none(`uptime of ${publicId}: transitions are pairs, in order`, transitions(publicId, overall.history));
      const want = uptime(overall.history, this.from, this.now);
      if (want !== undefined) {
        checks.same(`uptime of ${publicId}: as a float32`, overall.uptime, want);
      }
    }
  }

  async refusals() {
    const { checks } = this;
    try {
      await this.slos.getSLO({ sloId: "00000000000000000000000000000000" });
      checks.that("an objective that does not exist: refused", false, "it was found");
    } catch (error) {
      checks.that("an objective that does not exist: 404 with a reason", error.code === 404 && error.body instanceof v1.APIErrorResponse && error.body.errors.every(isText), error.stack);
    }
  }
}

/** pick takes what the listing and the single answer have in common. */
function pick({ id, name, type, tags, query, thresholds, monitorIds, options }) {
  return { id, name, type, tags, query, thresholds, monitorIds, options };
}

/** close allows for another order of summation. */
function close(a, b) {
  return isNumber(a) && isNumber(b) && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

const [url, world, now] = process.argv.slice(2);
if (!url || !world || Number.isNaN(Date.parse(now))) {
  console.error("usage: node client.mjs URL WORLD NOW, where NOW is RFC 3339");
  process.exit(2);
}
logger.setLevel("error");
const { passed, failed } = await new Session(url, world, Date.parse(now) / 1000).run();
console.log(`${world}: ${passed} checks passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
