ALTER TABLE dag_run ADD COLUMN connections text;

ALTER TABLE backfill
    ADD COLUMN run_order text NOT NULL DEFAULT 'oldest',
    ADD COLUMN reprocess text NOT NULL DEFAULT 'none',
    ADD COLUMN conf text NOT NULL DEFAULT '{}',
    ADD COLUMN connections text,
    ADD COLUMN intervals integer NOT NULL DEFAULT 0,
    ADD COLUMN active integer NOT NULL DEFAULT 0,
    ADD COLUMN made_by text NOT NULL DEFAULT '',
    ADD COLUMN made_note text,
    ADD COLUMN changed_by text,
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN changed_note text,
    ADD COLUMN pace_from timestamptz,
    ADD COLUMN pace_ended integer NOT NULL DEFAULT 0;
