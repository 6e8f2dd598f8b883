-- Which log has an entry about the opening of which other.
CREATE TABLE noted (
    log_no BIGINT NOT NULL REFERENCES log (log_no),
    other_no BIGINT NOT NULL REFERENCES log (log_no),
    PRIMARY KEY (log_no, other_no)
);
