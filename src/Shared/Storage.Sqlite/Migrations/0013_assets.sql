-- Ids follow the order of commits: Dags that wait for assets remember up to which one they have looked.
CREATE TABLE asset_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    asset TEXT NOT NULL,
    alias TEXT,
    at INTEGER NOT NULL,
    extra TEXT NOT NULL,
    source_dag TEXT,
    source_run TEXT,
    source_task TEXT,
    interval_start INTEGER,
    interval_end INTEGER,
    made_by TEXT
);

CREATE INDEX asset_event_by_asset ON asset_event (asset, id);
CREATE INDEX asset_event_by_alias ON asset_event (alias, id) WHERE alias IS NOT NULL;

ALTER TABLE dag ADD COLUMN assets TEXT;
ALTER TABLE dag_run ADD COLUMN asset_events TEXT;
