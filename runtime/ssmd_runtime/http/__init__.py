"""The collector's HTTP port: /health, /ready, /metrics, and nothing else."""
