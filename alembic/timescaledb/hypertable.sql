-- Signals as a hypertable with a chunk a day. Its triggers, foreign key and indexes stay as they are, and rows that
-- are there already move into chunks, without firing a trigger.
SELECT create_hypertable(
    'signals', by_range('time', INTERVAL '1 day'), create_default_indexes => false, migrate_data => true
);
