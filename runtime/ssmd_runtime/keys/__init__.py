"""Where the values of keys come from: environment, files, Vault, a Kubernetes Secret. Values live in `Secret` alone."""
