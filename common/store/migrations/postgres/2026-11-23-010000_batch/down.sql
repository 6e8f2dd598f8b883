DROP TABLE submission;
DROP TABLE batch;
