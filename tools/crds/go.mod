module tools/crds

go 1.26

require (
	github.com/argoproj/argo-cd/v3 v3.1.16
	github.com/bitnami-labs/sealed-secrets v0.36.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
