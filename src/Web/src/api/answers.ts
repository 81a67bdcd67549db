// What the API answers, as far as the pages show it. Moments are ISO 8601 in UTC; what is null there is missing here.

export interface DagSummary {
  dag_id: string;
  schedule: string;
  paused: boolean;
  active: boolean;
  version: string;
  file: string;
  next_run_after?: string;
  description?: string;
  tags: string[];
  owner?: string;
  problem?: string;
}

export interface DagDetails {
  dag: DagSummary;
  tasks: TaskSummary[];
}

export interface TaskSummary {
  task_id: string;
  operator: string;
  upstream: string[];
  trigger_rule: string;
  retries: number;
}

export interface ImportErrorSummary {
  file: string;
  message: string;
  at: string;
}

export interface RunSummary {
  dag_id: string;
  run_id: string;
  run_type: string;
  state: string;
  logical_date: string;
  data_interval_start: string;
  data_interval_end: string;
  started_at?: string;
  ended_at?: string;
  reason?: string;
  backfill_id?: string;
  triggered_by?: string;
  version: string;
}

export interface RunDetails {
  run: RunSummary;
  tasks: TaskAttemptSummary[];
}

export interface TaskAttemptSummary {
  task_id: string;
  state: string;
  try_number: number;
  token: number;
  worker?: string;
  queued_at?: string;
  started_at?: string;
  ended_at?: string;
  error?: string;
  remote_job?: RemoteJobSummary;
}

/** What an attempt has started in a service, such as a query of Athena. */
export interface RemoteJobSummary {
  service: string;
  id: string;
  name?: string;
  connection_id?: string;
  kept_at: string;
}

export interface TaskStateAnswer {
  run_id: string;
  state: string;
  waits?: string;
  attempts: TaskAttemptSummary[];
  former_dag_ids?: string[];
  former_task_ids?: string[];
}

export interface EvidenceAnswer {
  run_id: string;
  task_id: string;
  try_number: number;
  state: string;
  evidence: EvidenceRecord;
  error?: string;
}

/** Of a task instance the latest attempt that took evidence, in short. */
export interface EvidenceSummary {
  run_id: string;
  task_id: string;
  try_number: number;
  token: number;
  places: { place: string; rows: number }[];
  comparisons: number;
  differences: number;
}

/** What an attempt has seen of its rows, from the source to the target. */
export interface EvidenceRecord {
  places: EvidencePlace[];
  comparisons: EvidencePair[];
}

export interface EvidencePlace {
  name: string;
  what?: string;
  rows: number;
  hash?: string;
  columns: ColumnEvidence[];
  columns_left_out: number;
}

export interface ColumnEvidence {
  name: string;
  kind: string;
  nulls: number;
  min?: string;
  max?: string;
}

export interface EvidencePair {
  one: string;
  other: string;
  differences: string[];
}

/** A piece of a log; `next` is the offset to go on from, `exists` is false when this worker has no such log. */
export interface LogContent {
  text: string;
  next: number;
  exists: boolean;
}
