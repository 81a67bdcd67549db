-- Ids follow the order of commits: Dags that wait for assets remember up to which one they have looked.
CREATE TABLE asset_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset text COLLATE "C" NOT NULL,
    alias text COLLATE "C",
    at timestamptz NOT NULL,
    extra text NOT NULL,
    source_dag text COLLATE "C",
    source_run text,
    source_task text,
    interval_start timestamptz,
    interval_end timestamptz,
    made_by text
);

CREATE INDEX asset_event_by_asset ON asset_event (asset, id);
CREATE INDEX asset_event_by_alias ON asset_event (alias, id) WHERE alias IS NOT NULL;

ALTER TABLE dag ADD COLUMN assets text;
ALTER TABLE dag_run ADD COLUMN asset_events text;
