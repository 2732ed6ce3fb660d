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
	gauges := map[string]int{
		"rooms": s.Rooms, "peers": s.Peers, "claims": s.Claims, "watches": s.Watchers,
		"kernels": s.KernelsRunning, "executions_pending": s.ExecutionsQueued,
	}
	counters := map[string]uint64{
		"rooms_opened": s.Opened, "rooms_evicted": s.Evicted, "evictions_kept": s.EvictionsKept,
		"edits": s.Edits, "deliveries": s.Deliveries, "updates_merged": s.Merged, "resyncs": s.Resyncs,
		"peers_slow_closed": s.SlowClosed, "peers_invalid_closed": s.InvalidClosed,
		"saves": s.Saves, "save_failures": s.SaveFailures, "merges": s.Merges, "conflicts": s.Conflicts,
		"journal_appends": s.Journaled, "journal_failures": s.JournalFailures, "panics": s.Panics,
		"executions": s.Executions, "kernels_started": s.KernelsStarted, "kernels_died": s.KernelsDied,
	}
	for name, v := range gauges {
		out <- metric("hub_"+name, prometheus.GaugeValue, float64(v))
	}
	for name, v := range counters {
		out <- metric("hub_"+name+"_total", prometheus.CounterValue, float64(v))
	}
}

func metric(name string, kind prometheus.ValueType, v float64) prometheus.Metric {
	desc := prometheus.NewDesc(name, "See the documentation of hub.Stats.", nil, nil)
	return prometheus.MustNewConstMetric(desc, kind, v)
}
