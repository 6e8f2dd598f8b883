DROP TABLE lease, api_token, seal, checkpoint, tile, entry, log;
