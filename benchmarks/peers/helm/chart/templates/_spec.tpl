{{/* The shards of an environment as JSON: name, symbols, resources. */}}
{{- define "shards" -}}
{{- $env := . -}}
{{- $shards := list -}}
{{- if hasKey $env "shards" -}}
{{- range $key, $shard := $env.shards -}}
{{- $symbols := list -}}
{{- if hasKey $shard.selector "symbols" -}}
{{- $symbols = $shard.selector.symbols -}}
{{- else -}}
{{- range $env.symbols -}}
{{- if hasPrefix $shard.selector.prefix . -}}{{- $symbols = append $symbols . -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $resources := mergeOverwrite (deepCopy $env.connector.resources) ($shard.resources | default dict) -}}
{{- $shards = append $shards (dict "name" (printf "%s-%s" $env.name $key) "symbols" $symbols "resources" $resources) -}}
{{- end -}}
{{- else -}}
{{- $shards = list (dict "name" $env.name "symbols" $env.symbols "resources" $env.connector.resources) -}}
{{- end -}}
{{- toJson $shards -}}
{{- end -}}

{{/* Where a key's field is found. Arguments: name, key, number of the field. */}}
{{- define "variable" -}}
{{- $key := index . 1 -}}
{{- if hasPrefix "env:" $key.source -}}
{{- index (splitList "," (trimPrefix "env:" $key.source)) (index . 2) -}}
{{- else -}}
SSMD_{{ index . 0 | upper }}_{{ index $key.fields (index . 2) | upper }}
{{- end -}}
{{- end -}}

{{- define "prefix" -}}
{{- .middleware.transport.subject_prefix | default (printf "md.%s" .name) -}}
{{- end -}}

{{/* What one collector executes, as JSON. Arguments: environment, feed, shard. */}}
{{- define "spec" -}}
{{- $env := index . 0 -}}
{{- $feed := index . 1 -}}
{{- $shard := index . 2 -}}
{{- $version := last $feed.versions -}}
{{- $keys := dict -}}
{{- range $name, $key := $env.keys -}}
{{- $fields := dict -}}
{{- range $number, $field := $key.fields -}}
{{- $_ := set $fields $field (dict "env" (include "variable" (list $name $key $number))) -}}
{{- end -}}
{{- $_ := set $keys $name (dict "type" $key.type "rotation_days" $key.rotation_days "fields" $fields) -}}
{{- end -}}
{{- $subjects := dict -}}
{{- range $type, $_ := $feed.message_types -}}
{{- $_ := set $subjects $type (printf "%s.%s.%s" (include "prefix" $env) $feed.name $type) -}}
{{- end -}}
{{- dict
  "apiVersion" "bench.collector/v1"
  "environment" $env.name
  "shard" $shard.name
  "feed" (dict
    "name" $feed.name
    "display_name" $feed.display_name
    "type" $feed.type
    "version" $version.version
    "endpoint" $version.endpoint
    "protocol" $version.protocol)
  "auth" (dict "method" $version.auth_method "keys" $keys)
  "subscriptions" (dict
    "instruments" $shard.symbols
    "limits" (pick $version "max_symbols_per_connection" "rate_limit_per_second"))
  "message_types" $feed.message_types
  "subjects" $subjects
  "schemas" $env.schemas
  "schedule" $env.schedule
  "middleware" $env.middleware
  "retry" $env.connector.retry
  "liveness" $env.connector.liveness
  "on_disconnect" $env.connector.on_disconnect
  "circuit_breaker" (dict "failure_threshold" 5 "success_threshold" 2 "timeout_seconds" 30)
  "buffer" (dict "max_bytes" 67108864)
  "provenance" (dict "compiler" "bench" "source" (printf "environments/%s" $env.name))
  "http" (dict "port" 8080)
| toPrettyJson -}}
{{- end -}}
