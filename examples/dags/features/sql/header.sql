# {{ dag.dag_id }}.{{ task.task_id }} for {{ ds }}
