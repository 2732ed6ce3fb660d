package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/notebookhub/hub/hub"
)

// metricsHandler exposes what the hub counts, for Prometheus.
func metricsHandler(h *hub.Hub) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &statsCollector{h})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// statsCollector reads the hub's counters when it is asked.
type statsCollector struct {
	hub *hub.Hub
}

// Describe says that the metrics are known when they are collected.
func (c *statsCollector) Describe(chan<- *prometheus.Desc) {}

// Collect sends all of them.
func (c *statsCollector) Collect(out chan<- prometheus.Metric) {
	s := c.hub.Stats()
	gauge := func(name, help string, v int) { send(out, "hub_"+name, help, prometheus.GaugeValue, float64(v)) }
	count := func(name, help string, v uint64) {
		send(out, "hub_"+name+"_total", help, prometheus.CounterValue, float64(v))
	}
	gauge("rooms", "Rooms that are open.", s.Rooms)
	gauge("peers", "Connections to rooms.", s.Peers)
	gauge("claims", "Files that a room holds.", s.Claims)
	gauge("watches", "Files that are watched for changes outside.", s.Watchers)
	gauge("kernels", "Kernels that run.", s.KernelsRunning)
	gauge("executions_pending", "Cells that run or wait.", s.ExecutionsQueued)
	count("rooms_opened", "Rooms that were opened.", s.Opened)
	count("rooms_evicted", "Rooms freed because nobody used them.", s.Evicted)
	count("evictions_kept", "Rooms kept although idle: something was unsaved, or somebody came.", s.EvictionsKept)
	count("edits", "Changes of documents, by anybody.", s.Edits)
	count("deliveries", "Updates sent to peers.", s.Deliveries)
	count("updates_merged", "Updates sent as part of another, to a peer that was busy.", s.Merged)
	count("resyncs", "Peers brought up to date by state, as too much waited for them.", s.Resyncs)
	count("peers_slow_closed", "Peers closed because they could not keep up.", s.SlowClosed)
	count("peers_invalid_closed", "Peers closed because of what they sent.", s.InvalidClosed)
	count("saves", "Notebook files written.", s.Saves)
	count("save_failures", "Saves that failed.", s.SaveFailures)
	count("merges", "Changes of files from outside that were merged.", s.Merges)
	count("conflicts", "Changes of files from outside that a person must decide about.", s.Conflicts)
	count("journal_appends", "Updates written to the journal.", s.Journaled)
	count("journal_failures", "Failed writes to the journal.", s.JournalFailures)
	count("panics", "Bugs of the hub that were caught.", s.Panics)
	count("executions", "Cells that were run.", s.Executions)
	count("kernels_started", "Kernels that were started.", s.KernelsStarted)
	count("kernels_died", "Kernels that ended without being asked to.", s.KernelsDied)
}

func send(out chan<- prometheus.Metric, name, help string, kind prometheus.ValueType, v float64) {
	out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, nil), kind, v)
}
