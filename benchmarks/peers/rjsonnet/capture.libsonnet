// The manifests of one environment: function(environment, feed) -> {file: text}.
local labels(env, component) = {
  'app.kubernetes.io/component': component,
  'app.kubernetes.io/instance': env.name,
  'app.kubernetes.io/managed-by': 'bench',
  'app.kubernetes.io/name': 'collector',
  'app.kubernetes.io/part-of': 'market-data',
};

local meta(env, name, component='collector') = {
  name: name,
  namespace: env.namespace,
  labels: labels(env, component),
};

local shards(env) =
  if std.objectHas(env, 'shards') then [
    local selector = env.shards[key].selector;
    {
      name: env.name + '-' + key,
      symbols: if std.objectHas(selector, 'symbols') then selector.symbols
      else [symbol for symbol in env.symbols if std.startsWith(symbol, selector.prefix)],
      resources: std.mergePatch(env.connector.resources, std.get(env.shards[key], 'resources', {})),
    }
    for key in std.objectFields(env.shards)
  ] else [{ name: env.name, symbols: env.symbols, resources: env.connector.resources }];

local key_fields(key) = [
  {
    field: key.fields[i],
    variable: if std.startsWith(key.source, 'env:') then std.split(key.source[4:], ',')[i]
    else 'SSMD_' + std.asciiUpper(key.name + '_' + key.fields[i]),
  }
  for i in std.range(0, std.length(key.fields) - 1)
];

local keys(env) = [env.keys[name] { name: name } for name in std.objectFields(env.keys)];

local secret_name(env, key) =
  if std.startsWith(key.source, 'sealed-secret:') then key.source[14:] else env.name + '-' + key.name;

local variables(env) = [
  {
    name: field.variable,
    valueFrom: { secretKeyRef: {
      name: secret_name(env, key),
      key: field.field,
      optional: !std.get(key, 'required', true),
    } },
  }
  for key in keys(env)
  for field in key_fields(key)
];

local version(feed) = feed.versions[std.length(feed.versions) - 1];

local subject_prefix(env) = std.get(env.middleware.transport, 'subject_prefix', 'md.' + env.name);

local spec(env, feed, shard) = {
  apiVersion: 'bench.collector/v1',
  environment: env.name,
  shard: shard.name,
  feed: {
    name: feed.name,
    display_name: feed.display_name,
    type: feed.type,
    version: version(feed).version,
    endpoint: version(feed).endpoint,
    protocol: version(feed).protocol,
  },
  auth: {
    method: version(feed).auth_method,
    keys: {
      [key.name]: {
        type: key.type,
        rotation_days: key.rotation_days,
        fields: { [field.field]: { env: field.variable } for field in key_fields(key) },
      }
      for key in keys(env)
    },
  },
  subscriptions: {
    instruments: shard.symbols,
    limits: {
      max_symbols_per_connection: version(feed).max_symbols_per_connection,
      rate_limit_per_second: version(feed).rate_limit_per_second,
    },
  },
  message_types: feed.message_types,
  subjects: {
    [type]: subject_prefix(env) + '.' + feed.name + '.' + type
    for type in std.objectFields(feed.message_types)
  },
  schemas: env.schemas,
  schedule: env.schedule,
  middleware: env.middleware,
  retry: env.connector.retry,
  liveness: env.connector.liveness,
  on_disconnect: env.connector.on_disconnect,
  circuit_breaker: { failure_threshold: 5, success_threshold: 2, timeout_seconds: 30 },
  buffer: { max_bytes: 67108864 },
  provenance: { compiler: 'bench', source: 'environments/' + env.name },
  http: { port: 8080 },
};

local security = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsGroup: 10001,
  runAsNonRoot: true,
  runAsUser: 10001,
  seccompProfile: { type: 'RuntimeDefault' },
};

local probe(path, period) = {
  failureThreshold: 3,
  httpGet: { path: path, port: 'http', scheme: 'HTTP' },
  periodSeconds: period,
  successThreshold: 1,
  timeoutSeconds: 2,
};

local container(env, feed, component, resources, arguments) = {
  name: component,
  image: 'registry.example/collector:' + feed.defaults.connector.version,
  imagePullPolicy: 'IfNotPresent',
  args: arguments,
  env: variables(env),
  ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
  startupProbe: probe('/health', 2) { failureThreshold: 30 },
  livenessProbe: probe('/health', 20),
  readinessProbe: probe('/ready', 10),
  resources: resources,
  securityContext: security,
  volumeMounts: [
    { name: 'spec', mountPath: '/etc/collector', readOnly: true },
    { name: 'data', mountPath: '/var/lib/collector' },
    { name: 'tmp', mountPath: '/tmp' },
  ],
};

local pod(env, shard, containers) = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  containers: containers,
  securityContext: { fsGroup: 10001, runAsNonRoot: true },
  serviceAccountName: env.name,
  terminationGracePeriodSeconds: 60,
  volumes: [
    { name: 'spec', configMap: { name: shard + '-spec', items: [{ key: 'spec.json', path: 'spec.json' }] } },
    { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
    { name: 'data' } + (if env.middleware.storage.type == 'local'
                        then { persistentVolumeClaim: { claimName: shard + '-data' } }
                        else { emptyDir: { sizeLimit: '2Gi' } }),
  ],
};

local deployment(env, name, component, checksum, template) = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: meta(env, name, component),
  spec: {
    replicas: 1,
    revisionHistoryLimit: 3,
    selector: { matchLabels: { 'app.kubernetes.io/instance': env.name, shard: name } },
    strategy: { type: 'Recreate' },
    template: {
      metadata: { annotations: { 'checksum/spec': checksum }, labels: labels(env, component) { shard: name } },
      spec: template,
    },
  },
};

local connector(env, feed, shard) = deployment(
  env,
  shard.name,
  'collector',
  std.md5(std.manifestJsonMinified(spec(env, feed, shard))),
  pod(env, shard.name, [
    container(env, feed, 'collector', shard.resources, ['run', '--spec', '/etc/collector/spec.json']),
  ]),
);

local archiver(env, feed) =
  local first = shards(env)[0].name;
  deployment(
    env,
    env.name + '-archiver',
    'archiver',
    env.archiver.rotation.max_bytes,
    pod(env, first, [
      container(env, feed, 'archiver', env.archiver.resources, ['archive', '--spec', '/etc/collector/spec.json']),
    ]),
  );

local config_map(env, feed, shard) = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: meta(env, shard.name + '-spec'),
  data: { 'spec.json': std.manifestJsonEx(spec(env, feed, shard), '  ') },
};

local service(env, name, component='collector') = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: meta(env, name, component),
  spec: {
    type: 'ClusterIP',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP', targetPort: 'http' }],
    selector: { 'app.kubernetes.io/instance': env.name, shard: name },
  },
};

local service_account(env, name, component='collector') = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: meta(env, name, component),
  automountServiceAccountToken: false,
};

local network_policy(env) = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: meta(env, env.name),
  spec: {
    podSelector: { matchLabels: { 'app.kubernetes.io/instance': env.name } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{
      from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
      ports: [{ port: 'http', protocol: 'TCP' }],
    }],
    egress: [
      { ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }] },
      { ports: [{ port: port, protocol: 'TCP' } for port in [443, 4222, 3900, 6379]] },
    ],
  },
};

local disruption_budget(env, name, component='collector') = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: meta(env, name, component),
  spec: {
    maxUnavailable: 0,
    selector: { matchLabels: { 'app.kubernetes.io/instance': env.name, shard: name } },
  },
};

local claim(env, shard) = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: meta(env, shard.name + '-data'),
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } }, volumeMode: 'Filesystem' },
};

local pod_monitor(env) = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PodMonitor',
  metadata: meta(env, env.name),
  spec: {
    podMetricsEndpoints: [{ interval: '15s', path: '/metrics', port: 'http', scheme: 'http' }],
    selector: { matchLabels: { 'app.kubernetes.io/instance': env.name } },
  },
};

// Name, expression with @ for the label selector and # for the threshold, threshold, delay, severity, summary, action.
local built_in_alerts = [
  ['ConnectorNoData', 'sum by (namespace, environment, shard) (rate(ssmd_messages_total{@}[5m])) <= #', 0, '2m', 'critical', 'receives no data', 'Connected but mute, or not connected? See /ready, and whether the market is open.'],
  ['ConnectorDown', 'max by (namespace, environment, shard) (ssmd_connected{@}) == #', 0, '2m', 'critical', 'is not connected', 'Read the log of the collector for the reason it was refused.'],
  ['ConnectorHighLag', 'max by (namespace, environment, shard) (ssmd_lag_seconds{@}) > #', 5, '1m', 'warning', 'lags behind the exchange', 'Compare its CPU with its limit and the clock of the node; use more shards.'],
  ['ConnectorErrors', 'sum by (namespace, environment, shard, type) (rate(ssmd_errors_total{@}[5m])) > #', 1, '5m', 'warning', 'fails to parse frames', 'Read the log of the collector for that type of frame.'],
  ['CircuitBreakerOpen', 'ssmd_circuit_breaker_state{@} == #', 1, '1m', 'critical', 'has given up on a target', 'Is the target up, and are the credentials still good? It is tried again by itself.'],
  ['DeadLetters', 'sum by (namespace, environment, component) (increase(ssmd_dead_letters_total{@}[1h])) > #', 100, '5m', 'warning', 'sets records aside', 'Look at what was set aside and why, mend it, and replay it.'],
  ['KeyExpiringSoon', 'min by (namespace, environment, key_name) (ssmd_key_expires_in_days{@}) < #', 14, '1h', 'warning', 'has a key that expires soon', 'Rotate the key and commit the sealed secret.'],
  ['KeyExpired', 'min by (namespace, environment, key_name) (ssmd_key_expires_in_days{@}) < #', 0, '5m', 'critical', 'has a key that has expired', 'Rotate the key now: the exchange refuses it.'],
];

local alert(env, row) =
  local said = std.get(std.get(env, 'alerts', {}), row[0], {});
  local selector = 'namespace="%s",environment="%s"' % [env.namespace, env.name];
  local matched = std.strReplace(row[1], '@', selector);
  {
    alert: row[0],
    expr: std.strReplace(matched, '#', std.toString(std.get(said, 'threshold', row[2]))),
    'for': std.get(said, 'for', row[3]),
    labels: { environment: env.name, feed: env.feed, severity: std.get(said, 'severity', row[4]) },
    annotations: { summary: env.name + ' ' + row[5], action: row[6] },
  };

local enabled(env, row) = std.get(std.get(std.get(env, 'alerts', {}), row[0], {}), 'enabled', true);

local prometheus_rule(env) = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: meta(env, env.name),
  spec: { groups: [{
    name: env.name,
    rules: [alert(env, row) for row in built_in_alerts if enabled(env, row)],
  }] },
};

local clock(text) = [std.parseInt(part) for part in std.split(text, ':')];

local cron_job(env, feed, verb, time) = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: meta(env, env.name + '-day-' + verb, 'schedule'),
  spec: {
    concurrencyPolicy: 'Forbid',
    failedJobsHistoryLimit: 3,
    jobTemplate: { spec: { backoffLimit: 2, template: {
      metadata: { labels: labels(env, 'schedule') },
      spec: {
        containers: [{
          name: 'day',
          image: 'registry.example/collector:' + feed.defaults.connector.version,
          args: ['day', verb, env.name],
          resources: { limits: { memory: '128Mi' }, requests: { cpu: '50m', memory: '64Mi' } },
          securityContext: security,
        }],
        restartPolicy: 'Never',
        serviceAccountName: env.name + '-day',
      },
    } } },
    schedule: '%d %d * * *' % [clock(time)[1], clock(time)[0]],
    successfulJobsHistoryLimit: 1,
    suspend: !env.schedule.auto_roll,
    timeZone: env.schedule.timezone,
  },
};

// What the jobs of the trading day may do: scale this environment's deployments, by the API server alone.
local day(env) =
  local name = env.name + '-day';
  [
    service_account(env, name, 'schedule'),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: meta(env, name, 'schedule'),
      rules: [{ apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], verbs: ['get', 'list', 'patch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: meta(env, name, 'schedule'),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: name },
      subjects: [{ kind: 'ServiceAccount', name: name, namespace: env.namespace }],
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: meta(env, name, 'schedule'),
      spec: {
        podSelector: { matchLabels: labels(env, 'schedule') },
        policyTypes: ['Ingress', 'Egress'],
        egress: [{ ports: [{ port: 443, protocol: 'TCP' }, { port: 6443, protocol: 'TCP' }] }],
      },
    },
  ];

local stream(env, feed) = {
  apiVersion: 'jetstream.nats.io/v1beta2',
  kind: 'Stream',
  metadata: meta(env, env.name),
  spec: {
    name: env.middleware.transport.stream,
    subjects: [subject_prefix(env) + '.' + feed.name + '.' + type for type in std.objectFields(feed.message_types)],
    storage: 'file',
    retention: 'limits',
    discard: 'old',
    maxAge: '168h',
    replicas: 3,
    duplicateWindow: '2m',
  },
};

local consumer(env) = {
  apiVersion: 'jetstream.nats.io/v1beta2',
  kind: 'Consumer',
  metadata: meta(env, env.name + '-archiver'),
  spec: {
    streamName: env.middleware.transport.stream,
    durableName: env.name + '-archiver',
    filterSubject: subject_prefix(env) + '.>',
    ackPolicy: 'explicit',
    deliverPolicy: 'all',
    maxAckPending: 1000,
  },
};

local application(env) = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: env.name, namespace: 'argocd', labels: labels(env, 'application') },
  spec: {
    destination: { namespace: env.namespace, server: 'https://kubernetes.default.svc' },
    project: 'market-data',
    source: {
      path: 'generated/' + env.name,
      repoURL: 'https://git.example/market-data/captures.git',
      targetRevision: 'main',
    },
    syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['CreateNamespace=true'] },
  },
};

local kustomization(files) = {
  apiVersion: 'kustomize.config.k8s.io/v1beta1',
  kind: 'Kustomization',
  resources: files,
};

local manifests(env, feed) =
  local all = shards(env);
  {
    'configmap.yaml': [config_map(env, feed, shard) for shard in all],
    'deployment.yaml': [connector(env, feed, shard) for shard in all],
    'networkpolicy.yaml': [network_policy(env)],
    'poddisruptionbudget.yaml': [disruption_budget(env, shard.name) for shard in all],
    'podmonitor.yaml': [pod_monitor(env)],
    'prometheusrule.yaml': [prometheus_rule(env)],
    'service.yaml': [service(env, shard.name) for shard in all],
    'serviceaccount.yaml': [service_account(env, env.name)],
    'day.yaml': day(env),
    'cronjob.yaml': [
      cron_job(env, feed, 'start', env.schedule.day_start),
      cron_job(env, feed, 'end', env.schedule.day_end),
    ],
  }
  + (if env.middleware.storage.type == 'local' then { 'pvc.yaml': [claim(env, shard) for shard in all] } else {})
  + (if env.middleware.transport.type == 'nats' then { 'nats.yaml': [stream(env, feed), consumer(env)] } else {})
  + (if std.objectHas(env, 'archiver') then {
       'archiver.yaml': [
         archiver(env, feed),
         service(env, env.name + '-archiver', 'archiver'),
         disruption_budget(env, env.name + '-archiver', 'archiver'),
       ],
     } else {});

local yaml(documents) = std.manifestYamlStream(documents, quote_keys=false, c_document_end=false);

function(env, feed)
  local files = manifests(env, feed);
  {
    [env.name + '/' + name]: yaml(files[name])
    for name in std.objectFields(files)
  } + {
    [env.name + '/spec.json']: std.manifestJsonEx([spec(env, feed, shard) for shard in shards(env)], '  '),
    [env.name + '/kustomization.yaml']: yaml([kustomization(std.objectFields(files))]),
    [env.name + '/application.yaml']: yaml([application(env)]),
  }
