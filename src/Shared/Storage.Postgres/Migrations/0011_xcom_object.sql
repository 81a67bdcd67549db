ALTER TABLE xcom ADD COLUMN object text;
