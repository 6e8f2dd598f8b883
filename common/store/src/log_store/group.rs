//! The two statements that write a log in PostgreSQL. Each is a transaction of its own: it locks the lease's row, names the grant, and changes
//! nothing if that is not the present one. libpq reports them as done only after their commit.

use diesel::{
    PgConnection, QueryResult, RunQueryDsl,
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Binary, Integer, Nullable, Text},
};

use crate::lease::Grant;

/// The first common table of both: one row if the grant is the present one, none if not. Its parameters are $1 to $3.
fn push_fence<'b>(out: &mut AstPass<'_, 'b, Pg>, grant: &'b Grant) -> QueryResult<()> {
    out.push_sql("WITH held AS MATERIALIZED (SELECT log_no FROM lease WHERE log_no = ");
    out.push_bind_param::<BigInt, _>(&grant.log_no)?;
    out.push_sql(" AND epoch = ");
    out.push_bind_param::<BigInt, _>(&grant.epoch)?;
    out.push_sql(" AND \"grant\" = ");
    out.push_bind_param::<Text, _>(&grant.token)?;
    out.push_sql(" FOR SHARE)");
    Ok(())
}

/// A group of entries and the tiles that it fills. The count that it returns is of entries.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) grant: Grant,
    pub(super) first_key: i64,
    pub(super) serials: Vec<Option<Vec<u8>>>,
    pub(super) bodies: Vec<Vec<u8>>,
    pub(super) tile_levels: Vec<i32>,
    pub(super) tile_numbers: Vec<i64>,
    pub(super) tile_hashes: Vec<Vec<u8>>,
}

impl QueryFragment<Pg> for Group {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push_fence(&mut out, &self.grant)?;
        // Most groups fill no tile: another text, prepared once as well.
        if !self.tile_levels.is_empty() {
            out.push_sql(", tiles AS (INSERT INTO tile (log_no, level, n, hashes) SELECT held.log_no, t.level, t.n, t.hashes FROM held, unnest(");
            out.push_bind_param::<Array<Integer>, _>(&self.tile_levels)?;
            out.push_sql(", ");
            out.push_bind_param::<Array<BigInt>, _>(&self.tile_numbers)?;
            out.push_sql(", ");
            out.push_bind_param::<Array<Binary>, _>(&self.tile_hashes)?;
            out.push_sql(") AS t (level, n, hashes))");
        }
        out.push_sql(" INSERT INTO entry (key, serial, body) SELECT ");
        out.push_bind_param::<BigInt, _>(&self.first_key)?;
        out.push_sql(" + r.place - 1, r.serial, r.body FROM held, unnest(");
        out.push_bind_param::<Array<Nullable<Binary>>, _>(&self.serials)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.bodies)?;
        out.push_sql(") WITH ORDINALITY AS r (serial, body, place)");
        Ok(())
    }
}

/// A checkpoint, in the place of the one before.
#[derive(Debug)]
pub(super) struct Replace {
    pub(super) grant: Grant,
    pub(super) size: i64,
    pub(super) note: String,
    pub(super) frontier: Vec<u8>,
    pub(super) last_time: Option<i64>,
}

impl QueryFragment<Pg> for Replace {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push_fence(&mut out, &self.grant)?;
        out.push_sql(" INSERT INTO checkpoint (log_no, size, note, frontier, last_time) SELECT held.log_no, ");
        out.push_bind_param::<BigInt, _>(&self.size)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.note)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(&self.frontier)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<BigInt>, _>(&self.last_time)?;
        out.push_sql(
            " FROM held ON CONFLICT (log_no) DO UPDATE SET size = excluded.size, note = excluded.note, \
             frontier = excluded.frontier, last_time = excluded.last_time",
        );
        Ok(())
    }
}

impl QueryId for Group {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryId for Replace {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for &Group {}
impl RunQueryDsl<PgConnection> for Replace {}
