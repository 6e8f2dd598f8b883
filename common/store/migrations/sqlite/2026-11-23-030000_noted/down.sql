DROP TABLE noted;
