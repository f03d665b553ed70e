{{/* Labels and metadata: every template needs them. Arguments are lists: environment, [name,] component. */}}
{{- define "labels" -}}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).name }}
app.kubernetes.io/managed-by: bench
app.kubernetes.io/name: collector
app.kubernetes.io/part-of: market-data
{{- end -}}

{{- define "metadata" -}}
name: {{ index . 1 }}
namespace: {{ (index . 0).namespace }}
labels:
  {{- include "labels" (list (index . 0) (index . 2)) | nindent 2 }}
{{- end -}}

{{/* How every container is confined. */}}
{{- define "security" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
runAsGroup: 10001
runAsNonRoot: true
runAsUser: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "metadata" . | nindent 2 }}
spec:
  type: ClusterIP
  ports:
    - name: http
      port: 8080
      protocol: TCP
      targetPort: http
  selector:
    app.kubernetes.io/instance: {{ (index . 0).name }}
    shard: {{ index . 1 }}
{{- end -}}

{{- define "budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "metadata" . | nindent 2 }}
spec:
  maxUnavailable: 0
  selector:
    matchLabels:
      app.kubernetes.io/instance: {{ (index . 0).name }}
      shard: {{ index . 1 }}
{{- end -}}
