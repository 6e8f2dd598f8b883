-- A log is append-only: there is no way back.
SELECT RAISE(ABORT, 'the first migration is not undone');
