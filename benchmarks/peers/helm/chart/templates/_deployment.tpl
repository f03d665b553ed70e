{{/* A Deployment of the collector or the archiver. */}}
{{- define "deployment" -}}
{{- $env := .env -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "metadata" (list $env .name .component) | nindent 2 }}
spec:
  replicas: 1
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      app.kubernetes.io/instance: {{ $env.name }}
      shard: {{ .name }}
  strategy:
    type: Recreate
  template:
    metadata:
      annotations:
        checksum/spec: {{ .checksum | quote }}
      labels:
        {{- include "labels" (list $env .component) | nindent 8 }}
        shard: {{ .name }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      containers:
        - name: {{ .component }}
          image: registry.example/collector:{{ .feed.defaults.connector.version }}
          imagePullPolicy: IfNotPresent
          args: [{{ .verb }}, --spec, /etc/collector/spec.json]
          env:
            {{- range $name, $key := $env.keys }}
            {{- range $number, $field := $key.fields }}
            - name: {{ include "variable" (list $name $key $number) }}
              valueFrom:
                secretKeyRef:
                  {{- if hasPrefix "sealed-secret:" $key.source }}
                  name: {{ trimPrefix "sealed-secret:" $key.source }}
                  {{- else }}
                  name: {{ $env.name }}-{{ $name }}
                  {{- end }}
                  key: {{ $field }}
                  optional: {{ not (dig "required" true $key) }}
            {{- end }}
            {{- end }}
          ports:
            - name: http
              containerPort: 8080
              protocol: TCP
          startupProbe:
            failureThreshold: 30
            httpGet: {path: /health, port: http, scheme: HTTP}
            periodSeconds: 2
            successThreshold: 1
            timeoutSeconds: 2
          livenessProbe:
            failureThreshold: 3
            httpGet: {path: /health, port: http, scheme: HTTP}
            periodSeconds: 20
            successThreshold: 1
            timeoutSeconds: 2
          readinessProbe:
            failureThreshold: 3
            httpGet: {path: /ready, port: http, scheme: HTTP}
            periodSeconds: 10
            successThreshold: 1
            timeoutSeconds: 2
          resources:
            {{- toYaml .resources | nindent 12 }}
          securityContext:
            {{- include "security" . | nindent 12 }}
          volumeMounts:
            - name: spec
              mountPath: /etc/collector
              readOnly: true
            - name: data
              mountPath: /var/lib/collector
            - name: tmp
              mountPath: /tmp
      securityContext:
        fsGroup: 10001
        runAsNonRoot: true
      serviceAccountName: {{ $env.name }}
      terminationGracePeriodSeconds: 60
      volumes:
        - name: spec
          configMap:
            name: {{ .specOf }}-spec
            items:
              - key: spec.json
                path: spec.json
        - name: tmp
          emptyDir:
            sizeLimit: 64Mi
        - name: data
          {{- if eq $env.middleware.storage.type "local" }}
          persistentVolumeClaim:
            claimName: {{ .specOf }}-data
          {{- else }}
          emptyDir:
            sizeLimit: 2Gi
          {{- end }}
{{- end -}}
