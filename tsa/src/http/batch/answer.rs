//! What a batch's answer says.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_store::BatchState;
use serde::Serialize;

use crate::batch::{BatchRefusal, Shelf, Shown};

/// Records that stand in the answer itself; of more, only where they are.
const INLINE: usize = 100;

/// What is asked for.
#[derive(Debug, utoipa::ToSchema)]
#[schema(as = BatchRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what the lane reads")]
pub(in crate::http) struct RequestBody {
    /// `sha256`, `sha384`, `sha512`, `sha3-256`, `sha3-384` or `sha3-512`: of all digests, of the tree and of the token's imprint
    hash_algorithm: String,
    /// 1 to 100,000 digests in hexadecimal; equal ones share a record
    digests: Vec<String>,
}

/// How far a batch has come, and what has come of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BatchAnswer)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Answer {
    /// Where this answer stays: `/tsa/batches/{id}`
    id: String,
    /// `pending`, `stamped` or `failed`
    status: &'static str,
    /// Of the batch that the digests are in, maybe with those of others; the log's entry holds its SHA-256
    batch: String,
    /// Of digests, tree and token
    hash_algorithm: String,
    /// Different digests that this request brought
    count: usize,
    /// The token on the root of the tree: `ContentInfo`, DER, base64
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// serialNumber of the token, hexadecimal
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    /// genTime of the token, RFC 3339
    #[serde(skip_serializing_if = "Option::is_none")]
    gen_time: Option<String>,
    /// Where the token's receipt is
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    /// Where all records are, in a tar archive; one record is at this address and its digest
    #[serde(skip_serializing_if = "Option::is_none")]
    records_at: Option<String>,
    /// Up to 100 records: digest in hexadecimal, `EvidenceRecord` in DER, base64
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<BTreeMap<String, String>>,
    /// The rule that keeps a failed batch from a token
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

impl Answer {
    /// What is known of a request's batch.
    pub(super) fn new(shown: &Shown, shelf: &Shelf) -> Result<Self, BatchRefusal> {
        let (record, count) = (&shown.batch, shown.digests.len());
        let mut answer = Self {
            id: shown.id.to_string(),
            status: "pending",
            batch: hex::encode(&record.id),
            hash_algorithm: record.algorithm.clone(),
            count,
            token: None,
            serial: None,
            gen_time: None,
            receipt: None,
            records_at: None,
            records: None,
            code: None,
        };
        match &record.state {
            BatchState::Pending => {}
            BatchState::Failed { code } => {
                answer.status = "failed";
                answer.code = Some(code.clone());
            }
            BatchState::Stamped(stamp) => {
                let serial = hex::encode(&stamp.serial);
                answer.status = "stamped";
                answer.token = Some(STANDARD.encode(&stamp.token));
                answer.gen_time = Some(stamp.gen_time.to_string());
                answer.receipt = Some(format!("/tsa/receipts/{serial}"));
                answer.serial = Some(serial);
                answer.records_at = Some(format!("/tsa/batches/{}/records", shown.id));
                if count <= INLINE {
                    let tree = shelf.tree(record)?;
                    let write = |digest| Some((hex::encode(digest), STANDARD.encode(tree.record(digest)?)));
                    answer.records = Some(shown.digests.iter().filter_map(write).collect());
                }
            }
        }
        Ok(answer)
    }
}
