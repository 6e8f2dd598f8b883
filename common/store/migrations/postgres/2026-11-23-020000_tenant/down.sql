DROP INDEX seal_created;
DROP TABLE tenant;
