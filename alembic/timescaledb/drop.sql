-- Takes down what continuous_aggregates.sql has made beside tables, before every table goes.
DROP VIEW signal_rollup_1h, signal_rollup_5m;
DROP MATERIALIZED VIEW signal_aggregate_1h;
DROP MATERIALIZED VIEW signal_aggregate_5m;
DROP TABLE touched_buckets;
DROP TRIGGER signal_deleted ON signals;
DROP FUNCTION signal_deleted;
