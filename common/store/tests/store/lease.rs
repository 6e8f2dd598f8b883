//! What only PostgreSQL needs: leases, settings of a server, positions of standbys.
